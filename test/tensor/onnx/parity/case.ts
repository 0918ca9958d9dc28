/** One thing that every engine has to compute alike: a function of tensors, and how to draw them. */
import type * as tf from "@tensorflow/tfjs-core"
import type { RandomStream } from "../../../../src/data/random.ts"
import type { ElementType } from "../../../../src/tensor/engine.ts"

/** A tensor's shape and type, and what its elements may be. */
export interface Draw<R extends tf.Rank = tf.Rank> {
  readonly rank: R | undefined
  readonly dtype: ElementType
  readonly shape: ReadonlyArray<number>
  readonly element: (random: RandomStream) => number
}

interface Ranks {
  0: tf.Rank.R0
  1: tf.Rank.R1
  2: tf.Rank.R2
  3: tf.Rank.R3
  4: tf.Rank.R4
}
/** The rank of a shape whose length is known to the compiler. */
type RankOf<Shape extends ReadonlyArray<number>> = Shape["length"] extends keyof Ranks
  ? Ranks[Shape["length"]]
  : tf.Rank

type Drawn<R extends ReadonlyArray<number>> = Draw<RankOf<R>>

/** Values at which functions and their gradients do something of their own; drawn often, they make ties. */
const landmarks = [0, 1, -1, 0.5, -0.5, 2, -2]

const drawn = <const Shape extends ReadonlyArray<number>>(
  dtype: ElementType,
  shape: Shape,
  element: Draw["element"]
): Drawn<Shape> => ({ rank: undefined, dtype, shape, element })

/** Half of them from the landmarks. */
export const floats = <const Shape extends ReadonlyArray<number>>(shape: Shape): Drawn<Shape> =>
  drawn("F32", shape, (random) =>
    random.bernoulli(0.5) ? (landmarks[random.int(landmarks.length)] ?? 0) : random.between(-2, 2)
  )

export const between = <const Shape extends ReadonlyArray<number>>(
  shape: Shape,
  low: number,
  high: number
): Drawn<Shape> => drawn("F32", shape, (random) => random.between(low, high))

/** Each element one of these. */
export const oneOf = <const Shape extends ReadonlyArray<number>>(
  shape: Shape,
  values: ReadonlyArray<number>
): Drawn<Shape> => drawn("F32", shape, (random) => values[random.int(values.length)] ?? 0)

/** Integers from `low` to below `high`. */
export const whole = <const Shape extends ReadonlyArray<number>>(
  shape: Shape,
  low: number,
  high: number
): Drawn<Shape> => drawn("I32", shape, (random) => low + random.int(high - low))

export const flags = <const Shape extends ReadonlyArray<number>>(shape: Shape): Drawn<Shape> =>
  drawn("U8", shape, (random) => random.int(2))

type Draws = { readonly [name: string]: Draw }
type Given<Inputs extends Draws> = {
  readonly [name in keyof Inputs]: tf.Tensor<NonNullable<Inputs[name]["rank"]>>
}

export interface CaseOptions {
  /** Whether the gradients are compared too. They are, wherever something goes in and comes out as float32. */
  readonly gradient?: boolean
  /** The difference that rounding explains, relative to values above 1 and absolute below. */
  readonly within?: number
}

export interface Case extends Required<CaseOptions> {
  readonly name: string
  readonly inputs: Draws
  readonly compute: (tensors: { readonly [name: string]: tf.Tensor }) => ReadonlyArray<tf.Tensor>
}

/** What many additions round off. */
export const sums = { within: 1e-4 }
export const noGradient = { gradient: false }

export const a = <const Inputs extends Draws>(
  name: string,
  inputs: Inputs,
  compute: (given: Given<Inputs>) => tf.Tensor | ReadonlyArray<tf.Tensor>,
  { gradient = true, within = 1e-5 }: CaseOptions = {}
): Case => {
  const fits = (tensors: { readonly [name: string]: tf.Tensor }): tensors is Given<Inputs> =>
    Object.entries(inputs).every(([input, { shape }]) => tensors[input]?.rank === shape.length)
  return {
    name,
    inputs,
    gradient,
    within,
    compute: (tensors) => {
      if (!fits(tensors)) throw new Error(`${name} was given other tensors than it asks for`)
      const result = compute(tensors)
      return "dtype" in result ? [result] : result
    }
  }
}
