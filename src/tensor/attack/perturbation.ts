/** How large perturbations are, image by image, and what they look like. */
import { elementsOf } from "../../artifact/tensor-data.ts"

/** Numbers `[n]`, in units of the pixel range [0, 1]; computed in double precision from the stored float32 pixels. */
export interface Perturbations {
  /** The largest change of a value. */
  readonly linf: Float64Array
  /** Euclidean length. */
  readonly l2: Float64Array
  /** Share of all values that changed: the number of changes, "L0", over height * width * channels. */
  readonly changedValues: Float64Array
  /** Share of the pixels of which any channel changed. */
  readonly changedPixels: Float64Array
}

/** Compares images `[n, height, width, channels]`, row by row. */
export const perturbationsOf = (
  clean: Float32Array,
  perturbed: Float32Array,
  shape: readonly [height: number, width: number, channels: number]
): Perturbations => {
  const width = elementsOf(shape)
  const each = Array.from({ length: clean.length / width }, (_, row) =>
    measure(
      clean.subarray(row * width, (row + 1) * width),
      perturbed.subarray(row * width, (row + 1) * width),
      shape[2]
    )
  )
  return {
    linf: Float64Array.from(each, ({ largest }) => largest),
    l2: Float64Array.from(each, ({ squares }) => Math.sqrt(squares)),
    changedValues: Float64Array.from(each, ({ values }) => values / width),
    changedPixels: Float64Array.from(each, ({ pixels }) => (pixels * shape[2]) / width)
  }
}

const measure = (clean: Float32Array, perturbed: Float32Array, channels: number) => {
  let [largest, squares, values, pixels] = [0, 0, 0, 0]
  for (let at = 0; at < clean.length; at += channels) {
    const before = values
    for (let channel = at; channel < at + channels; channel++) {
      const change = Math.abs((perturbed[channel] ?? 0) - (clean[channel] ?? 0))
      largest = Math.max(largest, change)
      squares += change * change
      if (change !== 0) values++
    }
    if (values > before) pixels++
  }
  return { largest, squares, values, pixels }
}

/** What an attack added to an image, as an image around grey, stretched so that the largest change is black or white. */
export const perturbationPicture = (clean: Float32Array, attacked: Float32Array): Float32Array => {
  let largest = 0
  for (let i = 0; i < clean.length; i++)
    largest = Math.max(largest, Math.abs((attacked[i] ?? 0) - (clean[i] ?? 0)))
  return clean.map((value, i) => 0.5 + (largest === 0 ? 0 : ((attacked[i] ?? 0) - value) / (2 * largest)))
}
