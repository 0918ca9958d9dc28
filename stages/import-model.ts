/**
 * Imports a network that was trained elsewhere: its weights from a safetensors file, its layers by name or from a JSON file.
 *
 * Both files are part of the key by their contents. Everything is checked here, before anything is attacked: the header against
 * the file, each tensor's type and shape, that none is missing or left over, and that every weight is a finite number.
 */
import { readFileSync } from "node:fs"
import { Effect, Schema } from "effect"
import { Model } from "../src/artifact/index.ts"
import { NetworkDescription } from "../src/artifact/kinds/model.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { importWeights, knownNetworks, makeNetwork, readSafetensors } from "../src/tensor/network/index.ts"
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

export const importModel = Stage.make("import-model", {
  inputs: {},
  params: Schema.Struct({
    /** A safetensors file, such as one of a PyTorch state dict. */
    weights: Schema.String,
    /** A network by name, layer by layer, or a JSON file `{ name, layers }`. */
    network: ImportedNetwork,
    /** How the weights are laid out: `pytorch` as a state dict, `native` as this program exports them. */
    layout: Schema.Literals(["pytorch", "native"]),
    /** Where names and shapes do not decide: a given name for a layer or tensor of the network, `{ conv1: "features.0" }`. */
    names: Schema.Record(Schema.String, Schema.String)
  }),
  output: Model,
  fileParams: ["weights", "network.file"],

  *run(_, { weights: path, network: given, layout, names }) {
    const network = yield* networkOf(given)
    const bad = ({ message, hint }: { readonly message: string; readonly hint?: string }) =>
      new BadModelFile({
        path,
        reason: message,
        hint: hint ?? "write it again, with `safetensors.torch.save_file`"
      })
    const tensors = yield* readSafetensors(readFileSync(path)).pipe(
      Effect.mapError(bad),
      Effect.catchDefect(orTooDeep(path))
    )
    const weights = yield* importWeights(network, tensors, { layout, names }).pipe(Effect.mapError(bad))
    let values = 0
    for (const { data } of weights.values()) values += data.length
    yield* Metrics.log("tensors", weights.size)
    yield* Metrics.log("weights", values)
    const model: Model = { network: network.description, weights }
    return model
  }
})

const NetworkFile = Schema.fromJsonString(NetworkDescription)

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
    ),
    Effect.catchDefect(orTooDeep(path))
  )
  return yield* makeNetwork(description).pipe(
    Effect.mapError(({ message, hint }) => new BadModelFile({ path, reason: message, hint }))
  )
})

/** Brackets in brackets in brackets exhaust the stack of whoever reads them: no honest file has them. */
const orTooDeep =
  (path: string) =>
  (defect: unknown): Effect.Effect<never, BadModelFile> =>
    defect instanceof RangeError
      ? new BadModelFile({ path, reason: "its JSON is nested too deeply", hint: "take another file" })
      : Effect.die(defect)
