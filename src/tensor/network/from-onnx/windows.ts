/** Convolutions and pools: what slides over images whose channels come first. */
import { Effect } from "effect"
import { type Padding, paddingOf } from "../layers/window.ts"
import type { Misfit } from "../shape.ts"
import { push, settleImage } from "./chain.ts"
import { refuse } from "./constant.ts"
import { constantAt, intOf, intsOf, type Operator, only, type Reading, signalAt, textOf } from "./operator.ts"
import { axesOf, reshaped } from "./reshaping.ts"
import type { Signal } from "./values.ts"

type Pair = readonly [number, number]

const convolution: Operator = Effect.fnUntraced(function* (reading) {
  const { chain, inputs } = reading
  const image = yield* settleImage(chain, yield* signalAt(reading, 0))
  const weight = yield* constantAt(reading, 1)
  const bias = inputs[2] === undefined ? undefined : yield* constantAt(reading, 2)
  const [filters = 0, perGroup = 0, height = 0, width = 0] = weight.shape
  if (weight.shape.length !== 4)
    return yield* refuse(
      `its weight has ${weight.shape.length} axes`,
      "convolutions here are over height and width"
    )
  const kernelSize = [height, width] as const
  yield* only(
    "kernel_shape",
    String(intsOf(reading, "kernel_shape") ?? kernelSize),
    String(kernelSize),
    again
  )
  yield* undilated(reading)
  const strides = yield* pair(reading, "strides", [1, 1])
  const padding = yield* paddingFor(reading, kernelSize, strides)
  const channels = chain.shape[2] ?? 0
  const group = intOf(reading, "group", 1)
  if (perGroup * group !== channels) {
    return yield* refuse(
      `its weight \`${weight.name}\` is for ${perGroup} channels in each of ${group} groups, and it gets ${channels}`,
      again
    )
  }
  if (group !== 1 && (group !== channels || filters % channels !== 0)) {
    return yield* refuse(
      `it has ${group} groups for ${channels} channels`,
      "convolutions here have one group, or one for each channel"
    )
  }
  const shared = { kernelSize, strides, padding, useBias: bias !== undefined }
  return yield* push(
    chain,
    group === 1
      ? { type: "conv2d", filters, ...shared }
      : { type: "depthwiseConv2d", depthMultiplier: filters / channels, ...shared },
    image.order,
    {
      weight: { constant: weight, layout: "pytorch" },
      ...(bias === undefined ? {} : { bias: { constant: bias, layout: "native" } })
    }
  )
})

const pool =
  (type: "maxPool" | "averagePool"): Operator =>
  (reading) =>
    Effect.gen(function* () {
      const { chain } = reading
      const image = yield* settleImage(chain, yield* signalAt(reading, 0))
      const size = yield* pair(reading, "kernel_shape")
      const strides = yield* pair(reading, "strides", [1, 1])
      yield* undilated(reading)
      const padding = yield* paddingFor(reading, size, strides)
      if (intOf(reading, "ceil_mode", 0) === 1) yield* fits(reading, size, strides, padding)
      if (type === "averagePool" && padding !== "valid")
        yield* only(
          "count_include_pad",
          intOf(reading, "count_include_pad", 0),
          0,
          "pad with count_include_pad=False"
        )
      return yield* push(chain, { type, size, strides, padding }, image.order)
    })

const globalPool =
  (type: "maxPool" | "averagePool"): Operator =>
  (reading) =>
    Effect.flatMap(signalAt(reading, 0), (signal) => overall(reading, type, signal))

/** What PyTorch makes of an average over the whole image. */
const mean: Operator = Effect.fnUntraced(function* (reading) {
  const signal = yield* signalAt(reading, 0)
  const axes = yield* axesOf(reading, signal.dims.length + 1)
  if (axes === undefined || axes.toSorted((a, b) => a - b).join() !== "2,3")
    return yield* refuse(
      `it is a mean over axes ${axes ?? "that it does not name"}`,
      "means are over height and width"
    )
  const pooled = yield* overall(reading, "averagePool", signal)
  return intOf(reading, "keepdims", 1) === 1
    ? pooled
    : yield* reshaped(reading.chain, pooled, pooled.dims.slice(0, 1))
})

const overall = Effect.fnUntraced(function* (
  { chain }: Reading,
  type: "maxPool" | "averagePool",
  signal: Signal
): Effect.fn.Return<Signal, Misfit> {
  const image = yield* settleImage(chain, signal)
  const size = chain.shape.slice(0, 2)
  return yield* push(chain, { type, size, strides: size, padding: "valid" }, image.order)
})

export const windows: { readonly [operator: string]: Operator } = {
  Conv: convolution,
  MaxPool: pool("maxPool"),
  AveragePool: pool("averagePool"),
  GlobalMaxPool: globalPool("maxPool"),
  GlobalAveragePool: globalPool("averagePool"),
  ReduceMean: mean
}

const again = "export the model again"

const undilated = (reading: Reading): Effect.Effect<void, Misfit> =>
  only("dilations", String(intsOf(reading, "dilations") ?? "1,1"), "1,1", "windows here have no holes")

const pair = (reading: Reading, name: string, otherwise?: Pair): Effect.Effect<Pair, Misfit> => {
  const [first, second, ...more] = intsOf(reading, name) ?? otherwise ?? []
  return first === undefined || second === undefined || more.length > 0
    ? refuse(`its ${name} is not a pair`, "windows here have a height and a width")
    : Effect.succeed([first, second])
}

/** ONNX's padding in our words: `same` where it comes to that. */
const paddingFor = Effect.fnUntraced(function* (
  reading: Reading,
  size: Pair,
  strides: Pair
): Effect.fn.Return<Padding, Misfit> {
  const [height = 0, width = 0] = reading.chain.shape
  const same = [
    paddingOf("same", 0, { input: height, size: size[0], stride: strides[0] }),
    paddingOf("same", 1, { input: width, size: size[1], stride: strides[1] })
  ] as const
  const auto = textOf(reading, "auto_pad", "NOTSET")
  if (auto === "VALID") return "valid"
  if (auto === "SAME_UPPER") return "same"
  if (auto === "SAME_LOWER") {
    const [[top, bottom], [left, right]] = same
    return top === bottom && left === right
      ? "same"
      : [
          [bottom, top],
          [right, left]
        ]
  }
  yield* only("auto_pad", auto, "NOTSET", "known are VALID, SAME_UPPER, SAME_LOWER and explicit pads")
  const pads = intsOf(reading, "pads") ?? [0, 0, 0, 0]
  const [top, left, bottom, right] = pads
  if (
    top === undefined ||
    left === undefined ||
    bottom === undefined ||
    right === undefined ||
    pads.length > 4
  )
    return yield* refuse(`its pads are ${pads}`, "pads are top, left, bottom and right")
  if (pads.every((pad) => pad === 0)) return "valid"
  return String(same) === String([top, bottom, left, right])
    ? "same"
    : [
        [top, bottom],
        [left, right]
      ]
})

/** Rounding up where a window sticks out makes no difference if none does. */
const fits = (reading: Reading, size: Pair, strides: Pair, padding: Padding): Effect.Effect<void, Misfit> => {
  const axes = [0, 1] as const
  const rests = axes.map((axis) => {
    const input = reading.chain.shape[axis] ?? 0
    const [before, after] = paddingOf(padding, axis, { input, size: size[axis], stride: strides[axis] })
    return (input + before + after - size[axis]) % strides[axis]
  })
  return rests.every((rest) => rest === 0)
    ? Effect.void
    : refuse(
        "its ceil_mode is 1, and a window sticks out",
        "pool with ceil_mode=False, and with padding if need be"
      )
}
