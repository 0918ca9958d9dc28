/** A network's weights become another library's. */
import { Effect } from "effect"
import type { TensorData } from "../../../artifact/tensor-data.ts"
import type { Network } from "../network.ts"
import type { BadWeights } from "./bad-weights.ts"
import { importWeights } from "./import-weights.ts"
import { fromNative, layoutsOf, type WeightLayout } from "./tensor-layout.ts"

/**
 * Brings a network's weights into another layout, under the network's names, which are in PyTorch's words.
 *
 * Saved as safetensors, the result of `pytorch` is a state dict: `load_state_dict(load_file(…), strict=False)`, where
 * only `num_batches_tracked` is missing.
 */
export const exportWeights = Effect.fnUntraced(function* (
  network: Network,
  weights: ReadonlyMap<string, TensorData>,
  layout: WeightLayout
): Effect.fn.Return<Map<string, TensorData>, BadWeights> {
  const checked = yield* importWeights(network, weights, { layout: "native" })
  const exported = new Map<string, TensorData>()
  for (const [name, tensorLayout] of layoutsOf(network, layout)) {
    const data = checked.get(name)?.data
    if (data instanceof Float32Array) {
      exported.set(name, { dtype: "F32", shape: tensorLayout.shape, data: fromNative(data, tensorLayout) })
    }
  }
  return exported
})
