/** Draws thick, soft-edged lines on a small canvas. */

/** A path on the canvas: centres in pixels and a pen radius for each, `x, y, radius` per point. */
export type PenPath = ReadonlyArray<number>

/**
 * Draws a path into `ink`, row-major `[side, side]` with values in [0, 1]. Where paths cross, the darker one shows.
 *
 * @param softness width in pixels over which the pen's edge fades
 */
export const drawPath = (ink: Float32Array, side: number, path: PenPath, softness: number): void => {
  for (let at = 0; at + 5 < path.length; at += 3) {
    drawSegment(
      ink,
      side,
      softness,
      path[at] ?? 0,
      path[at + 1] ?? 0,
      path[at + 2] ?? 0,
      path[at + 3] ?? 0,
      path[at + 4] ?? 0,
      path[at + 5] ?? 0
    )
  }
}

// Numbers, not objects: this is called three million times for a training set.
const drawSegment = (
  ink: Float32Array,
  side: number,
  softness: number,
  x0: number,
  y0: number,
  radius0: number,
  x1: number,
  y1: number,
  radius1: number
): void => {
  const reach = Math.max(radius0, radius1) + softness / 2
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach))
  const right = Math.min(side - 1, Math.floor(Math.max(x0, x1) + reach))
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach))
  const bottom = Math.min(side - 1, Math.floor(Math.max(y0, y1) + reach))
  const dx = x1 - x0
  const dy = y1 - y0
  const scale = 1 / (dx * dx + dy * dy + 1e-9)
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      // The nearest point of the segment to the pixel's centre.
      const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * scale))
      const ex = x - x0 - along * dx
      const ey = y - y0 - along * dy
      const square = ex * ex + ey * ey
      if (square >= reach * reach) continue
      const edge = radius0 + along * (radius1 - radius0) + softness / 2
      const depth = Math.min(1, (edge - Math.sqrt(square)) / softness)
      if (depth <= 0) continue
      const value = depth * depth * (3 - 2 * depth)
      const pixel = y * side + x
      if (value > (ink[pixel] ?? 0)) ink[pixel] = value
    }
  }
}
