/** A network and its weights become a TensorFlow.js LayersModel, which browsers load. */
import { Effect } from "effect"
import { bytesOf, type TensorData } from "../../../artifact/tensor-data.ts"
import { tensorsOf } from "../layer-shape.ts"
import type { Network } from "../network.ts"
import type { BadWeights } from "../weights/bad-weights.ts"
import { importWeights } from "../weights/import-weights.ts"
import { BadLayersModel, type KerasLayer, kerasRoles, type LayersModelFiles } from "./layers-model.ts"
import { toKeras } from "./to-keras.ts"

const shard = "group1-shard1of1.bin"

/**
 * The model gives logits, as the network does; a softmax is for whoever shows probabilities.
 *
 * Two things come out in other words: a normalisation that differs by channel as a depthwise convolution of one pixel, and
 * explicit padding as a `ZeroPadding2D`. Pooling with explicit padding is refused.
 */
export const toLayersModel = Effect.fnUntraced(function* (
  network: Network,
  weights: ReadonlyMap<string, TensorData>
): Effect.fn.Return<LayersModelFiles, BadLayersModel | BadWeights> {
  const checked = yield* importWeights(network, weights, { layout: "native" })
  const layers: Array<KerasLayer> = []
  const manifest: Array<{ name: string; shape: ReadonlyArray<number>; dtype: "float32" }> = []
  const bytes: Array<Uint8Array> = []
  const store = (name: string, shape: ReadonlyArray<number>, data: TensorData["data"]): void => {
    manifest.push({ name, shape, dtype: "float32" })
    bytes.push(bytesOf(data))
  }
  for (const [index, layer] of network.layers.entries()) {
    const parts = toKeras(layer)
    if ("problem" in parts) {
      const place = `layer ${index + 1} (${layer.type} \`${layer.name}\`)`
      return yield* new BadLayersModel({ place, reason: parts.problem, hint: parts.hint })
    }
    for (const { layer: kerasLayer, constants = [] } of parts) {
      layers.push(kerasLayer)
      for (const { name, shape, data } of constants) store(name, shape, data)
    }
    const { parameters, statistics } = tensorsOf(layer, network.shapes[index - 1] ?? [])
    for (const role of Object.keys({ ...parameters, ...statistics })) {
      const tensor = checked.get(`${layer.name}.${role}`)
      const word = kerasRoles[layer.type]?.[role] ?? role
      if (tensor !== undefined) store(`${layer.name}/${word}`, tensor.shape, tensor.data)
    }
  }
  return {
    model: {
      format: "layers-model",
      generatedBy: "advpipe",
      convertedBy: null,
      modelTopology: {
        class_name: "Sequential",
        config: { name: network.name, layers },
        keras_version: "tfjs-layers 4.22.0",
        backend: "tensor_flow.js"
      },
      weightsManifest: [{ paths: [shard], weights: manifest }]
    },
    shards: new Map([[shard, Buffer.concat(bytes)]])
  }
})
