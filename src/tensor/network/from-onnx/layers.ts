/** Operators that are a layer each: dense ones, batch normalisation, activations, dropout. */
import { Effect } from "effect"
import type { LayerData } from "../decode-layer.ts"
import { shapeText } from "../shape.ts"
import { newest, push, settle, settleImage, type Tensors } from "./chain.ts"
import { asWritten, type Constant, refuse } from "./constant.ts"
import {
  attributeOf,
  constantAt,
  floatOf,
  intOf,
  type Operator,
  only,
  type Reading,
  signalAt,
  textOf
} from "./operator.ts"
import { transposed } from "./reshaping.ts"

const gemm: Operator = Effect.fnUntraced(function* (reading) {
  yield* only("transA", intOf(reading, "transA", 0), 0, again)
  yield* only("alpha", floatOf(reading, "alpha", 1), 1, "multiply the weight by it before the export")
  const bias = reading.inputs[2] === undefined ? undefined : yield* constantAt(reading, 2)
  if (bias !== undefined)
    yield* only("beta", floatOf(reading, "beta", 1), 1, "multiply the bias by it before the export")
  return yield* dense(reading, intOf(reading, "transB", 0) === 1, bias)
})

const matMul: Operator = (reading) => dense(reading, false, undefined)

/** @param outFirst whether the weight is `[units, features]`, and not `[features, units]` */
const dense = Effect.fnUntraced(function* (reading: Reading, outFirst: boolean, bias: Constant | undefined) {
  const { chain } = reading
  const features = yield* settle(chain, yield* signalAt(reading, 0))
  const weight = yield* constantAt(reading, 1)
  if (weight.shape.length !== 2)
    return yield* refuse(
      `\`${weight.name}\` has the shape ${shapeText(weight.shape)}`,
      "a dense layer's weight is a matrix"
    )
  // What was an image with channels first has its features in PyTorch's order.
  const layout =
    features.order === "channels-first" || (features.order === "unknown" && outFirst) ? "pytorch" : "native"
  const given = outFirst === (layout === "pytorch") ? weight : transposed(weight)
  const units = weight.shape[outFirst ? 0 : 1] ?? 0
  const row = bias?.shape.length === 2 && bias.shape[0] === 1 ? { ...bias, shape: bias.shape.slice(1) } : bias
  return yield* push(chain, { type: "dense", units, useBias: row !== undefined }, "unknown", {
    weight: { constant: given, layout },
    ...(row === undefined ? {} : { bias: { constant: row, layout: "native" } })
  })
})

const batchNormalisation: Operator = Effect.fnUntraced(function* (reading) {
  const { chain } = reading
  const signal = yield* signalAt(reading, 0)
  yield* only(
    "training_mode",
    intOf(reading, "training_mode", 0),
    0,
    "export the model in evaluation mode: `model.eval()`"
  )
  const settled = yield* signal.dims.length === 1 ? settle(chain, signal) : settleImage(chain, signal)
  const layout = settled.dims.length === 1 && settled.order === "channels-first" ? "pytorch" : "native"
  const tensors: Record<string, Tensors[string]> = {}
  for (const [at, role] of ["weight", "bias", "running_mean", "running_var"].entries())
    tensors[role] = { constant: yield* constantAt(reading, at + 1), layout }
  const epsilon = asWritten(floatOf(reading, "epsilon", 1e-5))
  const variance = yield* constantAt(reading, 4)
  if (!variance.data.every((value) => value + epsilon > 0))
    return yield* refuse(`its variance \`${variance.name}\` is below zero`, again)
  // ONNX's momentum is the weight of what was before.
  const momentum = asWritten(1 - asWritten(floatOf(reading, "momentum", 0.9)))
  return yield* push(chain, { type: "batchNorm", momentum, epsilon }, settled.order, tensors)
})

const dropout: Operator = Effect.fnUntraced(function* (reading) {
  const { chain, inputs } = reading
  const signal = yield* newest(chain, yield* signalAt(reading, 0))
  const rate =
    inputs[1] === undefined ? attributeOf(reading, "ratio")?.f : (yield* constantAt(reading, 1)).data[0]
  if (rate === undefined || rate === 0) return signal
  const { order } = yield* settle(chain, signal)
  return yield* push(chain, { type: "dropout", rate: asWritten(rate) }, order)
})

const softmax: Operator = Effect.fnUntraced(function* (reading) {
  const { chain, node } = reading
  const signal = yield* settle(chain, yield* signalAt(reading, 0))
  const axis = intOf(reading, "axis", -1)
  if (signal.dims.length !== 1 || (axis !== 1 && axis !== -1))
    return yield* refuse(
      `it is a softmax over axis ${axis} of [n, ${signal.dims.join(", ")}]`,
      "only one over the classes, at the end, is known"
    )
  chain.notes.push(`its ${node.opType} is left off: networks give logits`)
  return { ...signal, softmax: true as const }
})

const activation =
  (layerOf: (reading: Reading) => LayerData): Operator =>
  (reading) =>
    Effect.gen(function* () {
      const { order } = yield* settle(reading.chain, yield* signalAt(reading, 0))
      return yield* push(reading.chain, layerOf(reading), order)
    })

const plain = (type: string): Operator => activation(() => ({ type }))

const elu: Operator = (reading) =>
  Effect.andThen(only("alpha", floatOf(reading, "alpha", 1), 1, "only 1 is known"), plain("elu")(reading))

const gelu: Operator = (reading) =>
  Effect.andThen(
    only("approximation", textOf(reading, "approximate", "none"), "none", "use the exact GELU"),
    plain("gelu")(reading)
  )

/** The calls are marked as free of effects: or they would be code of every stage that knows networks. */
export const layers: { readonly [operator: string]: Operator } = {
  Gemm: gemm,
  MatMul: matMul,
  BatchNormalization: batchNormalisation,
  Dropout: dropout,
  Softmax: softmax,
  LogSoftmax: softmax,
  Relu: /* @__PURE__ */ plain("relu"),
  Sigmoid: /* @__PURE__ */ plain("sigmoid"),
  Tanh: /* @__PURE__ */ plain("tanh"),
  Softplus: /* @__PURE__ */ plain("softplus"),
  LeakyRelu: /* @__PURE__ */ activation((reading) => ({
    type: "leakyRelu",
    alpha: asWritten(floatOf(reading, "alpha", 0.01))
  })),
  Elu: elu,
  Gelu: gelu
}

const again = "export the model again"
