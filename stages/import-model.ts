/**
 * Imports a network that was trained elsewhere: its weights from a safetensors file, its layers by name or from a JSON file;
 * or both from an ONNX model.
 *
 * The files are part of the key by their contents. Everything is checked here, before anything is attacked: the header against
 * the file, each tensor's type and shape, that none is missing or left over, and that every weight is a finite number. Of an
 * ONNX model, each node has to be understood.
 */
import { readFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import { Model } from "../src/artifact/index.ts"
import { NetworkFile } from "../src/artifact/kinds/model.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import {
  fromOnnx,
  importWeights,
  knownNetworks,
  makeNetwork,
  readSafetensors
} from "../src/tensor/network/index.ts"
import { NetworkParam } from "./train-model.ts"

/** A file that holds no network, or no weights of the network that was asked for. */
export class BadModelFile extends Schema.TaggedError<BadModelFile>()("BadModelFile", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.reason}`
  }
}

const ImportedNetwork = Schema.Union([NetworkParam, Schema.Struct({ file: Schema.String })])
type ImportedNetwork = typeof ImportedNetwork.Type

/** Whether a file's name says that it is an ONNX model, which holds the network, too. */
export const isOnnx = (path: string): boolean => path.endsWith(".onnx")

const OnnxModel = Schema.Struct({
  /** An ONNX model that is one chain of layers, as PyTorch exports it in evaluation mode. */
  weights: Schema.String.check(
    Schema.makeFilter((path) => isOnnx(path) || "Expected a file whose name ends in .onnx")
  )
})

const Safetensors = Schema.Struct({
  /** A safetensors file, such as one of a PyTorch state dict. */
  weights: Schema.String.check(
    Schema.makeFilter(
      (path) =>
        !isOnnx(path) || "Expected a safetensors file: an ONNX model says its network and layout itself"
    )
  ),
  /** A network by name, layer by layer, or a JSON file `{ name, layers }`. */
  network: ImportedNetwork,
  /** How the weights are laid out: `pytorch` as a state dict, `native` as this program exports them. */
  layout: Schema.Literals(["pytorch", "native"]),
  /** Where names and shapes do not decide: a given name for a layer or tensor of the network, `{ conv1: "features.0" }`. */
  names: Schema.Record(Schema.String, Schema.String)
})

export const importModel = Stage.make("import-model", {
  inputs: {},
  params: Schema.Union([OnnxModel, Safetensors]),
  output: Model,
  fileParams: ["weights", "network.file"],

  *run(_, params) {
    const { network, weights } = yield* "network" in params ? fromSafetensors(params) : fromModel(params)
    let values = 0
    for (const { data } of weights.values()) values += data.length
    yield* Metrics.log("tensors", weights.size)
    yield* Metrics.log("weights", values)
    const model: Model = { network: network.description, weights }
    return model
  }
})

const fromModel = Effect.fnUntraced(function* ({ weights: path }: typeof OnnxModel.Type) {
  const imported = yield* fromOnnx(readFileSync(path), "onnx").pipe(
    Effect.mapError(({ message, hint }) => new BadModelFile({ path, reason: message, hint }))
  )
  for (const note of imported.notes) yield* Effect.logInfo(`${path}: ${note}`)
  return imported
})

const fromSafetensors = Effect.fnUntraced(function* (params: typeof Safetensors.Type) {
  const { weights: path, layout, names } = params
  const network = yield* networkOf(params.network)
  const bad = ({ message, hint }: { readonly message: string; readonly hint?: string }) =>
    new BadModelFile({
      path,
      reason: message,
      hint: hint ?? "write it again, with `safetensors.torch.save_file`"
    })
  const tensors = yield* readSafetensors(readFileSync(path)).pipe(Effect.mapError(bad))
  const weights = yield* importWeights(network, tensors, { layout, names }).pipe(Effect.mapError(bad))
  return { network, weights }
})

const networkOf = Effect.fnUntraced(function* (given: ImportedNetwork) {
  if (typeof given === "string") return yield* makeNetwork(knownNetworks[given])
  if (!("file" in given)) return yield* makeNetwork(given)
  const path = given.file
  const description = yield* Schema.decodeEffect(NetworkFile)(readFileSync(path, "utf8")).pipe(
    Effect.mapError(
      ({ message }) =>
        new BadModelFile({
          path,
          reason: `not a network: ${message}`,
          hint: 'write a network as { "name": "…", "layers": [{ "type": "input", "shape": [28, 28, 1] }, …] }'
        })
    )
  )
  return yield* makeNetwork(description).pipe(
    Effect.mapError(({ message, hint }) => new BadModelFile({ path, reason: message, hint }))
  )
})
