/** What a name of the graph stands for while the graph is read. */
import type { Shape } from "../shape.ts"
import type { Constant } from "./constant.ts"

/**
 * How an image's axes lie in the file, or lay before it was flattened. Of an input it is unknown until an operator tells,
 * and of features that are no pixels it does not matter.
 */
export type Order = "channels-first" | "channels-last" | "unknown"

/** (x - mean) / std, of one number each or of one for each channel. */
export interface Affine {
  readonly mean: ReadonlyArray<number>
  readonly std: ReadonlyArray<number>
}

/** What the layers so far give. */
export interface Signal {
  readonly kind: "signal"
  /** The chain's when this was its end. */
  readonly version: number
  /** The axes of one image, as they lie in the file. */
  readonly dims: Shape
  readonly order: Order
  /** What has still to be applied: a normalisation, or the beginning of a GELU. */
  readonly affine?: Affine
  /** Its softmax was left off. */
  readonly softmax?: true
}

/** Lengths that the graph looks up in order to reshape: the number of images is `anyNumber`. */
export interface Sizes {
  readonly kind: "sizes"
  readonly values: ReadonlyArray<number>
}

/** factor * erf(x / √2), or factor * (1 + erf(x / √2)): parts of a GELU. */
export interface Erf {
  readonly kind: "erf"
  readonly of: Signal
  readonly factor: number
  readonly plusOne: boolean
}

/** factor * x * (1 + erf(x / √2)), which is a GELU where the factor is a half. */
export interface Gate {
  readonly kind: "gate"
  readonly of: Signal
  readonly factor: number
}

/** Where a signal is above a number. */
export interface Above {
  readonly kind: "above"
  readonly of: Signal
  readonly threshold: number
}

export type Value = Signal | Constant | Sizes | Erf | Gate | Above
