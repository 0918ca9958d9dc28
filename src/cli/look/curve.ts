/** A curve without axes: its shape, and its ends in words for those who do not see it. */
import { type Html, html } from "../../report/html.ts"
import { number } from "../../text/format.ts"

const box = { width: 120, height: 24 }

/** Nothing where there are fewer than two finite values. */
export const curve = (
  name: string,
  points: ReadonlyArray<readonly [step: number, value: number]>
): Html | undefined => {
  const finite = points.filter(([, value]) => Number.isFinite(value))
  const [first, last] = [finite[0], finite.at(-1)]
  if (first === undefined || last === undefined || finite.length < 2) return undefined
  const values = finite.map(([, value]) => value)
  const low = values.reduce((a, b) => Math.min(a, b))
  const span = values.reduce((a, b) => Math.max(a, b)) - low || 1
  const reach = last[0] - first[0] || 1
  const places = finite.map(([step, value]) => {
    const x = ((step - first[0]) / reach) * box.width
    const y = box.height - 1 - ((value - low) / span) * (box.height - 2)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  const told = `${name}: ${finite.length} values from ${number(first[1])} to ${number(last[1])}`
  return html`<svg class="curve" viewBox="0 0 ${box.width} ${box.height}" preserveAspectRatio="none" role="img" aria-label="${told}"><polyline points="${places.join(" ")}"/></svg>`
}
