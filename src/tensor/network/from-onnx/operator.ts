/** A node with what it reads, as the translation of its operator gets it. */
import { Effect } from "effect"
import type { Misfit } from "../shape.ts"
import type { Chain } from "./chain.ts"
import { type Constant, refuse } from "./constant.ts"
import type { AttributeMessage, NodeMessage } from "./read-file.ts"
import type { Signal, Value } from "./values.ts"

export interface Reading {
  readonly node: NodeMessage
  /** `undefined` stands for an optional input that is left out. */
  readonly inputs: ReadonlyArray<Value | undefined>
  readonly chain: Chain
  /** How many images the file is made for; `anyNumber` where it takes any. */
  readonly batch: number
}

/** The translation of an operator: its first output. The others, where there are any, are of no use here. */
export type Operator = (reading: Reading) => Effect.Effect<Value, Misfit>

export const signalAt = ({ inputs, node }: Reading, at: number): Effect.Effect<Signal, Misfit> => {
  const value = inputs[at]
  if (value?.kind === "signal") return Effect.succeed(value)
  const what = value === undefined ? "is left out" : `\`${node.input[at]}\` is ${kinds[value.kind]}`
  return refuse(
    `its input ${at + 1} ${what}, where the output of a layer is expected`,
    "a network here is one chain of layers: export a model that is one"
  )
}

export const constantAt = ({ inputs, node }: Reading, at: number): Effect.Effect<Constant, Misfit> => {
  const value = inputs[at]
  if (value?.kind === "constant") return Effect.succeed(value)
  const what = value === undefined ? "is left out" : `\`${node.input[at]}\` is ${kinds[value.kind]}`
  return refuse(
    `its input ${at + 1} ${what}, where a tensor of the file is expected`,
    "weights have to be in the file: export the model with constant folding, in evaluation mode"
  )
}

const kinds: { readonly [kind in Value["kind"]]: string } = {
  signal: "the output of a layer",
  constant: "a tensor of the file",
  sizes: "a list of lengths",
  erf: "a part of a GELU",
  gate: "a part of a GELU",
  above: "a comparison"
}

const attribute = ({ node }: Reading, name: string): AttributeMessage | undefined =>
  node.attribute.find((entry) => entry.name === name)

export const intOf = (reading: Reading, name: string, otherwise: number): number =>
  attribute(reading, name)?.i ?? otherwise

export const floatOf = (reading: Reading, name: string, otherwise: number): number =>
  attribute(reading, name)?.f ?? otherwise

export const intsOf = (reading: Reading, name: string): ReadonlyArray<number> | undefined =>
  attribute(reading, name)?.ints

export const textOf = (reading: Reading, name: string, otherwise: string): string => {
  const found = attribute(reading, name)
  return found === undefined ? otherwise : Buffer.from(found.s).toString("utf8")
}

export { attribute as attributeOf }

/** Attributes that are read, or that make no difference to one output of float32. */
const attributes = new Set([
  ...["allowzero", "alpha", "approximate", "auto_pad", "axes", "axis", "beta", "ceil_mode"],
  ...["count_include_pad", "dilations", "end", "ends", "epsilon", "group", "keepdims", "kernel_shape"],
  ...["momentum", "noop_with_empty_axes", "pads", "perm", "ratio", "round_mode", "saturate", "seed", "shape"],
  ...["start", "starts", "storage_order", "strides", "to", "training_mode", "transA", "transB"],
  ...["value", "value_float", "value_floats", "value_int", "value_ints"]
])

/** What is not known may change what is computed. */
export const onlyKnownAttributes = ({ attribute: given }: NodeMessage): Effect.Effect<void, Misfit> => {
  const unknown = given.find(({ name }) => !attributes.has(name))
  return unknown === undefined
    ? Effect.void
    : refuse(`its attribute \`${unknown.name}\` is not known here`, "export the model with operator set 17")
}

/** Refuses a setting that no layer here has. */
export const only = (
  what: string,
  value: number | string,
  expected: number | string,
  hint: string
): Effect.Effect<void, Misfit> =>
  value === expected ? Effect.void : refuse(`its ${what} is ${value}, not ${expected}`, hint)
