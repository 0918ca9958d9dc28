/** Rows of any number, as the full batches that programs are compiled for. */

/** The values of a full batch: those given, and then the last row again until the batch is full. */
export const padded = <A extends Float32Array | Int32Array>(
  values: A,
  row: number,
  batchSize: number,
  make: (length: number) => A
): A => {
  const size = row * batchSize
  if (values.length === size) return values
  const full = make(size)
  full.set(values)
  for (let at = values.length; at < size; at += row) full.copyWithin(at, values.length - row, values.length)
  return full
}

export const paddedFloats = (values: Float32Array, row: number, batchSize: number): Float32Array =>
  padded(values, row, batchSize, (length) => new Float32Array(length))

export const paddedInts = (values: Int32Array, batchSize: number): Int32Array =>
  padded(values, 1, batchSize, (length) => new Int32Array(length))

/** The first of the largest values of each row of `width`. */
export const argMax = (values: Float32Array, width: number): Int32Array =>
  Int32Array.from({ length: values.length / width }, (_, row) => {
    let largest = 0
    for (let column = 1; column < width; column++) {
      if ((values[row * width + column] ?? 0) > (values[row * width + largest] ?? 0)) largest = column
    }
    return largest
  })
