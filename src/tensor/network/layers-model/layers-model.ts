/**
 * The files of a TensorFlow.js LayersModel: `model.json` with topology and manifest, and binary shards of weights.
 *
 * @see https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts, `ModelJSON`
 */
import { Schema } from "effect"

/** A LayersModel in memory. `tf.loadLayersModel` loads it from a directory with `model.json` and the shards. */
export interface LayersModelFiles {
  /** What `model.json` holds, before it becomes text. */
  readonly model: Schema.Json
  /** The weights' bytes by the path that the manifest gives, relative to `model.json`. */
  readonly shards: ReadonlyMap<string, Uint8Array>
}

/** A Keras layer: its class, and settings in Keras' words. */
export const KerasLayer = Schema.Struct({
  class_name: Schema.String,
  config: Schema.Record(Schema.String, Schema.Json)
})
export type KerasLayer = typeof KerasLayer.Type

const Sequential = Schema.Struct({
  class_name: Schema.String,
  config: Schema.Union([
    Schema.Struct({ name: Schema.optionalKey(Schema.String), layers: Schema.Array(KerasLayer) }),
    // As old versions of Keras wrote it.
    Schema.Array(KerasLayer)
  ])
})

const ManifestEntry = Schema.Struct({
  name: Schema.String,
  shape: Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
  dtype: Schema.String,
  quantization: Schema.optionalKey(Schema.Json)
})

const ManifestGroup = Schema.Struct({
  paths: Schema.Array(Schema.String),
  weights: Schema.Array(ManifestEntry)
})
export type ManifestGroup = typeof ManifestGroup.Type

/** The part of `model.json` that is read. */
export const ModelFile = Schema.Struct({
  // Python's converter wraps the topology once more.
  modelTopology: Schema.Union([Schema.Struct({ model_config: Sequential }), Sequential]),
  weightsManifest: Schema.Array(ManifestGroup)
})

/** What our tensors are called in Keras, by the layer's type. */
export const kerasRoles: { readonly [type: string]: { readonly [role: string]: string } } = {
  conv2d: { weight: "kernel", bias: "bias" },
  depthwiseConv2d: { weight: "depthwise_kernel", bias: "bias" },
  dense: { weight: "kernel", bias: "bias" },
  batchNorm: {
    weight: "gamma",
    bias: "beta",
    running_mean: "moving_mean",
    running_var: "moving_variance"
  }
}

/** A LayersModel that cannot be read as a network, or a network that cannot be written as one. */
export class BadLayersModel extends Schema.TaggedError<BadLayersModel>()("BadLayersModel", {
  /** The layer, the weight or the file that it is about. */
  place: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `LayersModel: ${this.place}: ${this.reason}`
  }
}
