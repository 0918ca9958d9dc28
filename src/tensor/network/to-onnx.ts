/** A network and its weights become an ONNX model, which any ONNX runtime evaluates. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { compileStep } from "../onnx/compile.ts"
import { apply } from "./apply.ts"
import type { Network } from "./network.ts"
import type { BadWeights } from "./weights/bad-weights.ts"
import { importWeights } from "./weights/import-weights.ts"

/**
 * The evaluation of a batch of fixed size, with the weights inside.
 *
 * Its input is `in.x`, images `[batch, height, width, channels]` in [0, 1]; its output `out.logits`, `[batch, classes]`.
 *
 * Operators are those of ONNX 17 and, where the graph was fused, of ONNX Runtime (`com.microsoft`).
 *
 * @returns the bytes of the `.onnx` file
 */
export const toOnnx = Effect.fnUntraced(function* (
  network: Network,
  weights: ReadonlyMap<string, TensorData>,
  { batch }: { readonly batch: number }
): Effect.fn.Return<Uint8Array, BadWeights> {
  const checked = yield* importWeights(network, weights, { layout: "native" })
  const step = ({ x }: { readonly [name: string]: tf.Tensor }) => {
    const constants = Object.fromEntries(
      [...checked].map(([name, { data, shape }]) => [name, tf.tensor(Float32Array.from(data), [...shape])])
    )
    return x === undefined ? {} : { logits: apply(network, constants, x) }
  }
  const { model } = compileStep({ x: { dtype: "F32", shape: [batch, ...network.input] } }, {}, step)
  return model
})
