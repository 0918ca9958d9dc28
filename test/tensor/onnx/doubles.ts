/** Layers in plain loops and double precision, written for being read, to check others by. */

export interface Doubles {
  readonly shape: ReadonlyArray<number>
  readonly data: Float64Array
}

const made = (shape: ReadonlyArray<number>, value: (place: ReadonlyArray<number>) => number): Doubles => {
  const data = new Float64Array(shape.reduce((a, b) => a * b, 1))
  const place = shape.map(() => 0)
  for (let at = 0; at < data.length; at++) {
    data[at] = value(place)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] ?? 0) + 1
      if ((place[axis] ?? 0) < (shape[axis] ?? 0)) break
      place[axis] = 0
    }
  }
  return { shape, data }
}

/** An element; outside the tensor there is none. */
const element = ({ shape, data }: Doubles, ...place: ReadonlyArray<number>): number | undefined => {
  let at = 0
  for (const [axis, length] of shape.entries()) {
    const position = place[axis] ?? 0
    if (position < 0 || position >= length) return undefined
    at = at * length + position
  }
  return data[at]
}

export const tanh = ({ shape, data }: Doubles): Doubles => ({ shape, data: data.map(Math.tanh) })

/** What "same" adds in front. */
const padding = (length: number, window: number, stride: number): number =>
  Math.floor(Math.max(0, (Math.ceil(length / stride) - 1) * stride + window - length) / 2)

/** For each pixel of the result, what a function makes of the pixels of its window, by row and column of the window. */
const slide = (
  x: Doubles,
  window: number,
  stride: number,
  filters: number,
  value: (
    pixel: (row: number, column: number, channel: number) => number | undefined,
    filter: number
  ) => number
): Doubles => {
  const [n = 1, height = 1, width = 1] = x.shape
  const shape = [n, Math.ceil(height / stride), Math.ceil(width / stride), filters]
  const [top, left] = [padding(height, window, stride), padding(width, window, stride)]
  return made(shape, ([image = 0, row = 0, column = 0, filter = 0]) =>
    value(
      (down, right, channel) =>
        element(x, image, row * stride + down - top, column * stride + right - left, channel),
      filter
    )
  )
}

/** With padding "same". */
export const conv2d = (x: Doubles, w: Doubles, stride: number): Doubles => {
  const [window = 1, , channels = 1, filters = 1] = w.shape
  return slide(x, window, stride, filters, (pixel, filter) => {
    let sum = 0
    for (let row = 0; row < window; row++)
      for (let column = 0; column < window; column++)
        for (let channel = 0; channel < channels; channel++)
          sum += (pixel(row, column, channel) ?? 0) * (element(w, row, column, channel, filter) ?? 0)
    return sum
  })
}

const pool =
  (value: (pixels: ReadonlyArray<number>) => number) =>
  (x: Doubles, window: number, stride: number): Doubles =>
    slide(x, window, stride, x.shape[3] ?? 1, (pixel, channel) => {
      const pixels: Array<number> = []
      for (let row = 0; row < window; row++)
        for (let column = 0; column < window; column++) {
          const each = pixel(row, column, channel)
          if (each !== undefined) pixels.push(each)
        }
      return value(pixels)
    })

export const maxPool = pool((pixels) => Math.max(...pixels))
/** Over the pixels that are there. */
export const avgPool = pool((pixels) => pixels.reduce((a, b) => a + b, 0) / pixels.length)

export const dense = (x: Doubles, w: Doubles, b: Doubles): Doubles => {
  const [inner = 1, outer = 1] = w.shape
  const rows = x.data.length / inner
  return made([rows, outer], ([row = 0, column = 0]) => {
    let sum = b.data[column] ?? 0
    for (let at = 0; at < inner; at++) sum += (x.data[row * inner + at] ?? 0) * (element(w, at, column) ?? 0)
    return sum
  })
}

/** The mean cross entropy; row i has the label i modulo the number of classes. */
export const crossEntropy = ({ shape, data }: Doubles): number => {
  const [rows = 1, classes = 1] = shape
  let sum = 0
  for (let row = 0; row < rows; row++) {
    const logits = data.subarray(row * classes, (row + 1) * classes)
    const total = logits.reduce((all, logit) => all + Math.exp(logit), 0)
    sum += Math.log(total) - (logits[row % classes] ?? 0)
  }
  return sum / rows
}

/** Without aligned corners, as pixels lie by default. */
export const resize = (x: Doubles, height: number, width: number, bilinear: boolean): Doubles => {
  const [n = 1, oldHeight = 1, oldWidth = 1, channels = 1] = x.shape
  const shares = (at: number, length: number): ReadonlyArray<readonly [number, number]> => {
    const position = Math.floor(at)
    const rest = bilinear ? at - position : 0
    return [
      [position, 1 - rest],
      [Math.min(position + 1, length - 1), rest]
    ]
  }
  return made([n, height, width, channels], ([image = 0, row = 0, column = 0, channel = 0]) => {
    let sum = 0
    for (const [down, high] of shares((row * oldHeight) / height, oldHeight))
      for (const [right, wide] of shares((column * oldWidth) / width, oldWidth))
        sum += high * wide * (element(x, image, down, right, channel) ?? 0)
    return sum
  })
}

/** A sum with weights that differ, and what makes it a curve. */
export const squares = ({ data }: Doubles): number =>
  data.reduce((sum, value, at) => sum + Math.cos(at + 1) * value * value, 0)

/** The slope of a function by one of its tensors, from the function alone. */
export const centralDifferences = (f: (x: Doubles) => number, { shape, data }: Doubles): Float64Array => {
  const reach = 1e-5
  return data.map((value, at) => {
    const [above, below] = [data.slice(), data.slice()]
    above[at] = value + reach
    below[at] = value - reach
    return (f({ shape, data: above }) - f({ shape, data: below })) / (2 * reach)
  })
}
