/** A TensorFlow.js LayersModel becomes a network and its weights. */
import { Effect, Schema } from "effect"
import type { TensorData } from "../../../artifact/tensor-data.ts"
import { elementsOf } from "../../../artifact/tensor-data.ts"
import type { LayerData } from "../decode-layer.ts"
import { type BadNetwork, makeNetwork, type Network } from "../network.ts"
import type { BadWeights } from "../weights/bad-weights.ts"
import { importWeights } from "../weights/import-weights.ts"
import { fromKeras, inputShapeOf, type Translation } from "./from-keras.ts"
import { BadLayersModel, type KerasLayer, kerasRoles, ModelFile } from "./layers-model.ts"
import { readShards } from "./shards.ts"

/** What a LayersModel holds. */
export interface ImportedModel {
  readonly network: Network
  readonly weights: Map<string, TensorData>
}

/**
 * Reads a LayersModel: a `Sequential` of layers that have a counterpart here.
 *
 * A layer's own activation becomes a layer of its own, and a softmax at the end is left off: networks give logits.
 *
 * @param model what `model.json` holds, parsed
 * @param shards the weights' bytes by the path that the manifest gives
 */
export const fromLayersModel = Effect.fnUntraced(function* (
  model: unknown,
  shards: ReadonlyMap<string, Uint8Array>
): Effect.fn.Return<ImportedModel, BadLayersModel | BadNetwork | BadWeights> {
  const file = yield* Schema.decodeUnknownEffect(ModelFile)(model).pipe(
    Effect.mapError(
      (error) =>
        new BadLayersModel({
          place: "model.json",
          reason: error.message.replaceAll(/\s*\n\s*/g, " "),
          hint: "is it the model.json of a LayersModel, and not of a GraphModel?"
        })
    )
  )
  const { modelTopology } = file
  const topology = "model_config" in modelTopology ? modelTopology.model_config : modelTopology
  if (topology.class_name !== "Sequential") {
    return yield* new BadLayersModel({
      place: "model.json",
      reason: `it is a ${topology.class_name} model`,
      hint: "only Sequential models are known: save it as one"
    })
  }
  const kerasLayers = "layers" in topology.config ? topology.config.layers : topology.config
  const name = ("name" in topology.config ? topology.config.name : undefined) ?? "layers-model"
  const input = yield* inputOf(kerasLayers)
  const { layers, fixed } = yield* translate(kerasLayers, input)
  const network = yield* makeNetwork({ name, layers: [input, ...layers] })
  const stored = yield* readShards(file.weightsManifest, shards)
  const weights = yield* importWeights(network, inOurWords(network, stored, fixed), { layout: "native" })
  return { network, weights }
})

const inputOf = (layers: ReadonlyArray<KerasLayer>): Effect.Effect<LayerData, BadLayersModel> => {
  const first = layers[0]
  const shape = (first === undefined ? undefined : inputShapeOf(first)) ?? []
  const sizes = shape.slice(1).filter((size) => size !== null)
  if (shape.length === 4 && sizes.length === 3) {
    const named = first?.class_name === "InputLayer" ? { name: first.config["name"] ?? "input1" } : {}
    return Effect.succeed({ type: "input", ...named, shape: sizes })
  }
  return new BadLayersModel({
    place: "its first layer",
    reason: `its batch_input_shape is [${shape.map(String).join(", ")}], not [null, height, width, channels]`,
    hint: "the model must begin with images of a fixed size; put a Flatten first for a network of features"
  })
}

type Fixed = ReadonlyMap<string, NonNullable<Translation["fixed"]>>

const translate = Effect.fnUntraced(function* (
  kerasLayers: ReadonlyArray<KerasLayer>,
  input: LayerData
): Effect.fn.Return<{ readonly layers: ReadonlyArray<LayerData>; readonly fixed: Fixed }, BadLayersModel> {
  const layers: Array<LayerData> = []
  const fixed = new Map<string, NonNullable<Translation["fixed"]>>()
  let padding: Translation["padding"]
  let flat = false
  for (const [index, kerasLayer] of kerasLayers.entries()) {
    const { class_name, config } = kerasLayer
    const bad = (reason: string, hint: string) =>
      new BadLayersModel({ place: `layer ${index + 1} (${class_name} \`${config["name"]}\`)`, reason, hint })
    if (padding !== undefined && (!/Conv2D$/.test(class_name) || (config["padding"] ?? "valid") !== "valid"))
      return yield* bad("it comes after a ZeroPadding2D", "only convolutions without own padding may")
    const translation = fromKeras(kerasLayer, padding, flat)
    if ("problem" in translation) return yield* bad(translation.problem, translation.hint)
    if (translation.softmax === true && index < kerasLayers.length - 1)
      return yield* bad("it is a softmax, and not at the end", "networks give logits: leave it off")
    padding = translation.padding
    for (const layer of translation.layers) layers.push(forChannels(layer, layers, input))
    if (translation.fixed !== undefined) fixed.set(String(config["name"]), translation.fixed)
    flat ||= class_name === "Flatten"
  }
  return { layers, fixed }
})

/** Keras' `Rescaling` has one number for all channels, our normalisation one for each. It may come first only. */
const forChannels = (layer: LayerData, before: ReadonlyArray<LayerData>, { shape }: LayerData): LayerData => {
  const { mean, std } = layer
  if (layer["type"] !== "normalise" || before.length > 0 || !Array.isArray(shape)) return layer
  const each = (values: LayerData[string] | undefined) =>
    Array.from({ length: Number(shape[2]) }, () => (Array.isArray(values) ? (values[0] ?? 0) : 0))
  return { ...layer, mean: each(mean), std: each(std) }
}

/** Weights under our names. Those that are nobody's keep theirs, so that the import can complain of them. */
const inOurWords = (
  network: Network,
  stored: ReadonlyMap<string, TensorData>,
  fixed: Fixed
): ReadonlyMap<string, TensorData> => {
  const names = new Map<string, string>()
  const weights = new Map<string, TensorData>()
  for (const { name, type } of network.layers) {
    for (const [role, word] of Object.entries(kerasRoles[type] ?? {}))
      names.set(`${name}/${word}`, `${name}.${role}`)
    for (const [role, value] of Object.entries(fixed.get(name) ?? {})) {
      const shape = network.parameters[`${name}.${role}`]?.shape ?? []
      const data = new Float32Array(elementsOf(shape)).fill(value)
      weights.set(`${name}.${role}`, { dtype: "F32", shape, data })
    }
  }
  for (const [name, tensor] of stored) weights.set(names.get(name) ?? name, tensor)
  return weights
}
