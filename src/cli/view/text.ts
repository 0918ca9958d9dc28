/**
 * Strings as a terminal sees them: how wide they are, how to cut and pad them, and how to make a stranger's harmless.
 */

const ESC = String.fromCharCode(0x1b)
const BELL = String.fromCharCode(0x07)
/** Colours and cursor movements, titles and links, and the two-character escapes. */
const ansi = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESC}]*(?:${BELL}|${ESC}\\\\)|[ -/]*[0-OQ-WYZ=>a-z|}~])`,
  "gu"
)
const printableAscii = /^[ -~]*$/
/** One column each: ASCII, the ellipsis, and what bars and frames are drawn with. Frames are measured ten times a second. */
const narrow = /^[ -~\u2026\u2500-\u259f]*$/
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** Characters that take no column: accents, joiners, direction marks. */
const invisible = /^[\p{M}\p{Cf}\p{Cc}]*$/u
const emoji = /^\p{Emoji_Presentation}|\u{FE0F}/u
/** East Asian Wide and Fullwidth, in ranges coarse enough to read. */
const wide: ReadonlyArray<readonly [from: number, to: number]> = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd]
]

/** Columns that `text` takes on a terminal. Escape sequences take none. */
export const displayWidth = (text: string): number => {
  if (narrow.test(text)) return text.length
  const visible = text.replace(ansi, "")
  if (narrow.test(visible)) return visible.length
  let width = 0
  for (const { segment } of segmenter.segment(visible)) width += clusterWidth(segment)
  return width
}

/** `text` in at most `width` columns, with an ellipsis where it was cut. Colours in it are kept, and ended. */
export const truncate = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  if (width <= 0) return ""
  let cut = ""
  let left = width - 1
  for (const [visible, sequence] of pieces(text)) {
    for (const { segment } of segmenter.segment(visible)) {
      left -= clusterWidth(segment)
      if (left < 0) return `${cut}…${cut.includes(ESC) ? `${ESC}[0m` : ""}`
      cut += segment
    }
    cut += sequence
  }
  return cut
}

export const padEnd = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - displayWidth(text)))

export const padStart = (text: string, width: number): string =>
  " ".repeat(Math.max(0, width - displayWidth(text))) + text

/**
 * `text` on one line and without power over the terminal: escape sequences go, other control characters, line ends and
 * direction overrides are spelt out (`\n`, `\u202e`).
 *
 * Whatever comes from a pipeline, a journal or an error passes through here once before it is printed.
 */
export const harmless = (text: string): string => {
  if (printableAscii.test(text)) return text
  return text.replace(ansi, "").replace(/\t/g, " ").replace(unsafe, spelt)
}

/** The lines of a message, each harmless. */
export const harmlessLines = (text: string): Array<string> => text.trimEnd().split(/\r?\n/).map(harmless)

/** Without escape sequences. */
export const withoutAnsi = (text: string): string => text.replace(ansi, "")

const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu

const spelt = (character: string): string => {
  if (character === "\n") return "\\n"
  if (character === "\r") return "\\r"
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, "0")

const clusterWidth = (cluster: string): number => {
  const code = cluster.codePointAt(0) ?? 0
  if (code >= 0x20 && code < 0x7f) return emoji.test(cluster) ? 2 : 1
  if (invisible.test(cluster)) return 0
  return emoji.test(cluster) || wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1
}

/** Splits into what is seen and the escape sequence after it. */
function* pieces(text: string): Generator<readonly [visible: string, sequence: string]> {
  let from = 0
  for (const match of text.matchAll(ansi)) {
    yield [text.slice(from, match.index), match[0]]
    from = match.index + match[0].length
  }
  yield [text.slice(from), ""]
}
