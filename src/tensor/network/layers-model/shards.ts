/** The weights of a LayersModel, out of its shards. */
import { Effect } from "effect"
import { elementsFrom, elementsOf, type TensorData } from "../../../artifact/tensor-data.ts"
import { BadLayersModel, type ManifestGroup } from "./layers-model.ts"

/** Reads all weights by name, as `layer/kernel`: what stands before the layer's name, and Keras' `:0`, are dropped. */
export const readShards = Effect.fnUntraced(function* (
  manifest: ReadonlyArray<ManifestGroup>,
  shards: ReadonlyMap<string, Uint8Array>
): Effect.fn.Return<ReadonlyMap<string, TensorData>, BadLayersModel> {
  const weights = new Map<string, TensorData>()
  for (const group of manifest) {
    const parts: Array<Uint8Array> = []
    for (const path of group.paths) {
      const part = shards.get(path)
      if (part === undefined) {
        const hint = "give the bytes of every file that `weightsManifest` names"
        return yield* new BadLayersModel({ place: path, reason: "the shard is not given", hint })
      }
      parts.push(part)
    }
    const bytes = Buffer.concat(parts)
    let offset = 0
    for (const { name, shape, dtype, quantization } of group.weights) {
      const size = elementsOf(shape) * 4
      const place = `weight \`${name}\``
      if (dtype !== "float32" || quantization !== undefined) {
        const reason = quantization === undefined ? `it is of type ${dtype}` : "it is quantised"
        return yield* new BadLayersModel({ place, reason, hint: "save the model again as plain float32" })
      }
      if (offset + size > bytes.length) {
        const reason = `it ends at byte ${offset + size} of a group of ${bytes.length}`
        return yield* new BadLayersModel({ place, reason, hint: "the shards are cut short: get them again" })
      }
      const data = elementsFrom("F32", new Uint8Array(bytes.subarray(offset, offset + size)))
      weights.set(name.replace(/:0$/, "").split("/").slice(-2).join("/"), { dtype: "F32", shape, data })
      offset += size
    }
    if (offset !== bytes.length) {
      const reason = `its weights take ${offset} bytes, its shards hold ${bytes.length}`
      const place = group.paths.join(", ")
      return yield* new BadLayersModel({
        place,
        reason,
        hint: "the shards belong to another model: get them again"
      })
    }
  }
  return weights
})
