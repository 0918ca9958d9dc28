/**
 * What is computed number by number with constants: biases, normalisations, and the pieces into which exporters take
 * activations apart.
 */
import { Effect } from "effect"
import { type Misfit, shapeText } from "../shape.ts"
import { addBias, type Chain, newest, push, settle } from "./chain.ts"
import { type Constant, refuse } from "./constant.ts"
import { type Operator, type Reading, signalAt } from "./operator.ts"
import type { Gate, Order, Signal, Value } from "./values.ts"

const add: Operator = Effect.fnUntraced(function* (reading) {
  const [a, b] = signalFirst(reading.inputs)
  if (a?.kind === "erf" && a.factor === 1 && !a.plusOne && single(b) === 1) return { ...a, plusOne: true }
  if (a?.kind !== "signal" || b?.kind !== "constant") return yield* branches(reading)
  const { chain } = reading
  const signal = yield* newest(chain, a)
  const { values } = yield* perChannel(signal, b)
  const row = { ...b, shape: [values.length] }
  const biased = values.length === chain.shape.at(-1) ? addBias(chain, signal, row) : undefined
  return biased ?? (yield* moved(chain, signal, b, (value, mean, std) => [mean - value * std, std]))
})

const subtract: Operator = Effect.fnUntraced(function* (reading) {
  const [a, b] = reading.inputs
  if (a?.kind !== "signal" || b?.kind !== "constant") return yield* branches(reading)
  return yield* moved(reading.chain, a, b, (value, mean, std) => [mean + value * std, std])
})

const multiply: Operator = Effect.fnUntraced(function* (reading) {
  const { chain } = reading
  const [a, b] = signalFirst(reading.inputs)
  const factor = single(b)
  if (a?.kind === "erf" && factor !== undefined) return { ...a, factor: a.factor * factor }
  if (a?.kind === "gate" && factor !== undefined)
    return yield* gelu(chain, { ...a, factor: a.factor * factor })
  if (a?.kind === "signal" && b?.kind === "erf" && b.plusOne) {
    const scale = pureScale(a)
    if (alike(a, b.of) && scale !== undefined)
      return yield* gelu(chain, { kind: "gate", of: b.of, factor: b.factor * scale })
  }
  if (a?.kind !== "signal" || b?.kind !== "constant") return yield* branches(reading)
  return yield* moved(chain, a, b, (value, mean, std) => [mean, std / value])
})

const divide: Operator = Effect.fnUntraced(function* (reading) {
  const [a, b] = reading.inputs
  if (a?.kind !== "signal" || b?.kind !== "constant") return yield* branches(reading)
  return yield* moved(reading.chain, a, b, (value, mean, std) => [mean, std * value])
})

const erf: Operator = Effect.fnUntraced(function* (reading) {
  const signal = yield* newest(reading.chain, yield* signalAt(reading, 0))
  const { affine: _, ...of } = signal
  const scale = pureScale(signal)
  if (scale !== undefined && near(scale, Math.SQRT1_2)) return { kind: "erf", of, factor: 1, plusOne: false }
  return yield* refuse("it is no part of a GELU", "erf is known as x * (1 + erf(x / sqrt(2))) / 2 only")
})

const greater: Operator = Effect.fnUntraced(function* (reading) {
  const signal = yield* signalAt(reading, 0)
  const threshold = single(reading.inputs[1])
  if (signal.affine === undefined && threshold !== undefined) return { kind: "above", of: signal, threshold }
  return yield* branches(reading)
})

/** Above that, softplus is the identity in float32. */
const softplusIsIdentity = 17

/** PyTorch takes x itself for softplus(x) where x is large. */
const where: Operator = Effect.fnUntraced(function* (reading) {
  const [condition, before, after] = reading.inputs
  const { links, version } = reading.chain
  const large =
    condition?.kind === "above" && condition.threshold >= softplusIsIdentity ? condition.of : undefined
  if (
    large !== undefined &&
    before?.kind === "signal" &&
    alike(before, large) &&
    before.affine === undefined &&
    after?.kind === "signal" &&
    after.version === version &&
    links.at(-1)?.data["type"] === "softplus" &&
    alike(before, { ...after, version: version - 1 })
  )
    return after
  return yield* branches(reading)
})

export const arithmetic: { readonly [operator: string]: Operator } = {
  Add: add,
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Erf: erf,
  Greater: greater,
  Where: where
}

const gelu = Effect.fnUntraced(function* (chain: Chain, gate: Gate): Effect.fn.Return<Value, Misfit> {
  if (!near(gate.factor, 0.5)) return gate
  const signal = yield* settle(chain, gate.of)
  return yield* push(chain, { type: "gelu" }, signal.order)
})

const branches = ({ node, inputs }: Reading): Effect.Effect<never, Misfit> =>
  refuse(
    inputs.filter((input) => input?.kind === "signal").length > 1
      ? "it brings two branches together"
      : `it computes with ${node.input.map((name) => `\`${name}\``).join(" and ")} in a way that no layer does`,
    "a network here is one chain of layers; between them, constants are added, subtracted, multiplied or divided by"
  )

/** Whether two signals are the same numbers in the same order, but for what is pending. */
const alike = (a: Signal, b: Signal): boolean =>
  a.version === b.version && a.order === b.order && a.dims.join() === b.dims.join()

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6

/** The two inputs of an operator for which their order does not matter, the constant last. */
const signalFirst = ([a, b]: Reading["inputs"]): readonly [Value | undefined, Value | undefined] =>
  a?.kind === "constant" || (a?.kind === "erf" && b?.kind === "signal") ? [b, a] : [a, b]

/** The only number of a constant. */
const single = (value: Value | undefined): number | undefined =>
  value?.kind === "constant" && value.data.length === 1 ? value.data[0] : undefined

/** By what a signal is multiplied, where nothing else is pending. */
const pureScale = ({ affine }: Signal): number | undefined => {
  if (affine === undefined) return 1
  const [mean] = affine.mean
  const [std] = affine.std
  return affine.mean.length === 1 && mean === 0 && std !== undefined ? 1 / std : undefined
}

/** A signal under a change of its pending normalisation. */
const moved = Effect.fnUntraced(function* (
  chain: Chain,
  given: Signal,
  constant: Constant,
  change: (value: number, mean: number, std: number) => readonly [mean: number, std: number]
): Effect.fn.Return<Signal, Misfit> {
  const signal = yield* newest(chain, given)
  const { values, order } = yield* perChannel(signal, constant)
  const { mean, std } = signal.affine ?? { mean: [0], std: [1] }
  const each = (list: ReadonlyArray<number>, at: number) => list[at] ?? list[0] ?? Number.NaN
  const changed = Array.from({ length: Math.max(values.length, mean.length) }, (_, at) =>
    change(each(values, at), each(mean, at), each(std, at))
  )
  if (changed.some(([m, s]) => !Number.isFinite(m) || !Number.isFinite(s) || s <= 0)) {
    return yield* refuse(
      `with \`${constant.name}\` it is no normalisation (x - mean) / std with std above zero`,
      "normalise by finite numbers, and divide by positive ones"
    )
  }
  return { ...signal, order, affine: { mean: changed.map(([m]) => m), std: changed.map(([, s]) => s) } }
})

/** A constant that has one number, or one for each channel; where its numbers lie tells where the channels are. */
const perChannel = (
  { dims, order }: Signal,
  { name, shape, data }: Constant
): Effect.Effect<{ readonly values: ReadonlyArray<number>; readonly order: Order }, Misfit> => {
  if (data.length === 1) return Effect.succeed({ values: [...data], order })
  // Shapes are aligned at their ends; the axis of images comes first.
  const axis = shape.findIndex((size) => size !== 1) - shape.length + dims.length
  const places: ReadonlyArray<readonly [axis: number, order: Order]> =
    dims.length === 1
      ? [[0, order]]
      : [
          [0, "channels-first"],
          [2, "channels-last"]
        ]
  const place = places.find(([at, fits]) => at === axis && (order === "unknown" || fits === order))
  const fits = place !== undefined && data.length === dims[axis] && shape.length <= dims.length + 1
  if (fits && (dims.length === 1 || dims.length === 3))
    return Effect.succeed({ values: [...data], order: place[1] })
  return refuse(
    `\`${name}\` of shape ${shapeText(shape)} is not one number for each channel of ${shapeText(dims)}`,
    "layers here compute with one number, or with one for each channel"
  )
}
