/** Quantities as people read them. Each function has its table of cases in the test. */

/** `412 ms`, `3.2 s`, `6m 12s`, `1h 04m`, `2d 03h`. */
export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return "?"
  const millis = Math.max(0, Math.round(seconds * 1000))
  if (millis < 1000) return `${millis} ms`
  const tenths = Math.round(millis / 100)
  return tenths < 600 ? `${(tenths / 10).toFixed(1)} s` : long(Math.round(millis / 1000))
}

/** A duration that ticks: whole seconds, and no pretence below one. */
export const ticking = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return "?"
  const whole = Math.max(0, Math.floor(seconds))
  return whole < 60 ? `${whole} s` : long(whole)
}

/** @param seconds a whole number, at least 60 */
const long = (seconds: number): string => {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`
  const hours = Math.round(minutes / 60)
  return `${count(Math.floor(hours / 24))}d ${two(hours % 24)}h`
}

const two = (n: number): string => String(n).padStart(2, "0")

/** `512 B`, `1.5 KiB`, `46.1 MiB`. */
export const bytes = (size: number): string => {
  if (!Number.isFinite(size)) return "?"
  if (Math.abs(size) < 1024) return `${Math.round(size)} B`
  let scaled = size / 1024
  let unit = 0
  // 1023.96 would print as 1024.0.
  while (Math.abs(scaled) >= 1023.95 && unit < byteUnits.length - 1) {
    scaled /= 1024
    unit++
  }
  return `${scaled.toFixed(1)} ${byteUnits[unit]}`
}

const byteUnits = ["KiB", "MiB", "GiB", "TiB", "PiB"]

/** `60,000`; a fraction keeps two digits at most. */
export const count = (n: number): string => {
  if (!Number.isFinite(n)) return number(n)
  const [whole = "0", fraction] = String(Number(n.toFixed(2))).split(".")
  const grouped = whole.includes("e") ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ",")
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** `1 node`, `8 nodes`. */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`

/** `1,234 images/s`; slow ones per minute or hour: `2.4 epochs/min`. */
export const rate = (perSecond: number, unit: string): string => {
  if (!Number.isFinite(perSecond) || perSecond < 0) return "?"
  if (perSecond >= 0.1 || perSecond === 0) return `${threeDigits(perSecond)} ${unit}/s`
  if (perSecond * 60 >= 0.1) return `${threeDigits(perSecond * 60)} ${unit}/min`
  return `${threeDigits(perSecond * 3600)} ${unit}/h`
}

const threeDigits = (n: number): string => count(n >= 100 ? Math.round(n) : Number(n.toPrecision(3)))

/** `40 %`, rounded down: 100 % is said only of what is finished. */
export const percent = (done: number, total: number): string => `${Math.floor(share(done, total) * 100)} %`

/** A part of a whole, in [0, 1]. Nothing of nothing is all of it. */
export const share = (done: number, total: number): number => {
  if (!(total > 0)) return done >= total ? 1 : 0
  const part = done / total
  // A part that is no number is none: not a number of nothing, or infinities.
  return Number.isNaN(part) ? 0 : Math.min(1, Math.max(0, part))
}

/** A metric's value: five significant digits, every digit of a whole number, `NaN` and `Infinity` as they are. */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (value === 0) return "0"
  if (Number.isInteger(value) && size < 1e15) return String(value)
  if (size < 1e-4 || size >= 1e15)
    return value
      .toExponential(4)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e")
  // A fraction never costs a digit before the point.
  const digits = Math.max(5, Math.floor(Math.log10(size)) + 2)
  return String(Number(value.toPrecision(digits)))
}

/** `just now`, `5 min ago`, `3 h ago`, `4 days ago`, and from a month on the date. Both in milliseconds since 1970. */
export const relative = (at: number, now: number): string => {
  const seconds = (now - at) / 1000
  // Clocks of two machines differ a little.
  if (seconds < -60) return dateTime(at)
  if (seconds < 10) return "just now"
  if (seconds < 60) return `${Math.floor(seconds)} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 24 * 3600) return `${Math.floor(seconds / 3600)} h ago`
  if (seconds < 30 * 24 * 3600) return `${plural(Math.floor(seconds / 86_400), "day")} ago`
  return dateTime(at).slice(0, 10)
}

/** `2026-10-29 14:03` in the machine's time zone. */
export const dateTime = (at: number): string => {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return "?"
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** A curve in one line of text. NaN and infinities are gaps. */
export const sparkline = (values: ReadonlyArray<number>, width: number): string => {
  const finite = values.filter(Number.isFinite)
  if (finite.length < 2 || width < 2) return ""
  // Halved, so that the difference of two huge values is still a number.
  const low = finite.reduce((a, b) => Math.min(a, b)) / 2
  const span = finite.reduce((a, b) => Math.max(a, b)) / 2 - low
  const columns = Math.min(width, values.length)
  return Array.from({ length: columns }, (_, column) => {
    const value = values[Math.round((column * (values.length - 1)) / (columns - 1))] ?? Number.NaN
    if (!Number.isFinite(value)) return " "
    return blocks[span === 0 ? 0 : Math.round(((value / 2 - low) / span) * (blocks.length - 1))]
  }).join("")
}

const blocks = "▁▂▃▄▅▆▇█"

/** `filled` of a bar `width` columns wide, as a share in [0, 1]. */
export const bar = (filled: number, width: number): string => {
  const full = Math.floor(Math.min(1, Math.max(0, filled)) * width)
  return "█".repeat(full) + "░".repeat(width - full)
}

/** Enough of a digest for people to tell artifacts apart. Its twin in `artifact` would bring the schemas along. */
export const shortDigest = (digest: string | undefined): string => digest?.slice(0, 8) ?? ""
