/**
 * A network and its weights.
 *
 * `network.json` is the list of layers as the `tensor` room describes them; `weights.safetensors` holds the tensors by
 * name. The kind does not look inside either, so a model outlives new layer types. `history.json` is there if a training made
 * the model.
 */
import { Effect, Schema } from "effect"
import { type ArtifactReader, type ArtifactWriter, CodecError, Kind } from "../kind.ts"
import { encodeHeader, readHeader } from "../safetensors.ts"
import { fromShallowJson } from "../shallow-json.ts"
import { bytesOf, elementsFrom, problemOf, type TensorData } from "../tensor-data.ts"
import { mostEpochs, TrainingHistory } from "./model-history.ts"

/** A network's description: typed layers, each with a `type` and its own settings. */
export const NetworkDescription = Schema.Struct({
  name: Schema.String,
  layers: Schema.Array(Schema.Record(Schema.String, Schema.Json))
})
export type NetworkDescription = typeof NetworkDescription.Type

export interface Model {
  readonly network: NetworkDescription
  readonly weights: ReadonlyMap<string, TensorData>
  /** Of the training that made it, and not of those before; imported models and old ones have none. */
  readonly history?: TrainingHistory
}

/** A description as the text of a file. */
export const NetworkFile = fromShallowJson(NetworkDescription)
const HistoryFile = fromShallowJson(TrainingHistory)
/** An epoch takes some 200 bytes. */
const mostHistoryBytes = 500 * mostEpochs
const mistake = (error: { readonly message: string }) =>
  new CodecError({ kind: "Model", reason: error.message })

const encode = Effect.fnUntraced(function* (model: Model, writer: ArtifactWriter) {
  const network = yield* Schema.encodeEffect(NetworkFile)(model.network).pipe(Effect.mapError(mistake))
  yield* writer.bytes("network.json", Buffer.from(`${network}\n`))
  for (const [name, tensor] of model.weights) {
    if (name === "__metadata__") return yield* mistake({ message: `weights cannot be called \`${name}\`` })
    const problem = problemOf(tensor)
    if (problem !== undefined) return yield* mistake({ message: `weights \`${name}\` ${problem}` })
  }
  const tensors = [...model.weights].map(([name, tensor]) => ({ name, ...tensor }))
  const content = Buffer.concat([encodeHeader(tensors), ...tensors.map(({ data }) => bytesOf(data))])
  yield* writer.bytes("weights.safetensors", content)
  if (model.history === undefined) return
  const history = yield* Schema.encodeEffect(HistoryFile)(model.history).pipe(Effect.mapError(mistake))
  yield* writer.bytes("history.json", Buffer.from(`${history}\n`))
})

const decode = Effect.fnUntraced(function* (reader: ArtifactReader) {
  const text = Buffer.from(yield* reader.bytes("network.json")).toString("utf8")
  const network = yield* Schema.decodeUnknownEffect(NetworkFile)(text).pipe(Effect.mapError(mistake))
  const blob = yield* reader.open("weights.safetensors")
  const header = yield* readHeader(blob).pipe(
    Effect.mapError((error) => (error._tag === "MalformedSafetensors" ? mistake(error) : error))
  )
  const weights = new Map<string, TensorData>()
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    const bytes = yield* blob.read(header.dataOffset + begin, end - begin)
    weights.set(name, { dtype, shape, data: elementsFrom(dtype, bytes) })
  }
  const history = yield* readHistory(reader)
  return { network, weights, ...(history === undefined ? {} : { history }) } satisfies Model
})

/** Reads a model's history without its weights. */
export const readHistory = Effect.fnUntraced(function* (reader: ArtifactReader) {
  if (reader.manifest.files["history.json"] === undefined) return undefined
  const blob = yield* reader.open("history.json")
  if (blob.size > mostHistoryBytes)
    return yield* mistake({ message: `history.json has ${blob.size} bytes, more than ${mostHistoryBytes}` })
  const text = Buffer.from(yield* blob.read(0, blob.size)).toString("utf8")
  return yield* Schema.decodeUnknownEffect(HistoryFile)(text).pipe(Effect.mapError(mistake))
})

export const Model = Kind.make<"Model", Model>({ name: "Model", version: 1, encode, decode })
