/** The activations that TensorFlow.js fuses into products and convolutions. */
import type { Value } from "../graph.ts"
import type { Call } from "../lowering.ts"
import { add, unary } from "../ops.ts"
import { UnsupportedStep } from "../unsupported-step.ts"
import { leakyRelu, prelu, relu6 } from "./elementwise.ts"

/** What a fused kernel does with its product: it adds the bias, then applies the activation. */
export const biasAndActivation = (call: Call, x: Value): Value => {
  const bias = call.optional("bias")
  return activate(call, bias === undefined ? x : add(call.graph, x, bias))
}

const activate = (call: Call, x: Value): Value => {
  const name = call.text("activation", "linear")
  if (name === "linear") return x
  if (name === "relu") return unary(call.graph, "Relu", x)
  if (name === "elu") return unary(call.graph, "Elu", x)
  if (name === "sigmoid") return unary(call.graph, "Sigmoid", x)
  if (name === "relu6") return relu6(call, x)
  if (name === "leakyrelu") return leakyRelu(call, x, call.number("leakyreluAlpha", 0.2))
  if (name === "prelu") return prelu(call, x, call.input("preluActivationWeights"))
  throw new UnsupportedStep(
    `\`${call.kernel}\` has the activation ${name}, which is unknown`,
    "apply the activation as an operation of its own"
  )
}
