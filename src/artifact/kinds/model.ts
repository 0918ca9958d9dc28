/**
 * A network and its weights.
 *
 * `network.json` is the list of layers as the `tensor` room describes them; `weights.safetensors` holds the tensors by
 * name. The kind does not look inside either, so a model outlives new layer types.
 */
import { Effect, Schema } from "effect"
import { type ArtifactReader, type ArtifactWriter, CodecError, Kind } from "../kind.ts"
import { encodeHeader, readHeader } from "../safetensors.ts"
import { fromShallowJson } from "../shallow-json.ts"
import { bytesOf, elementsFrom, problemOf, type TensorData } from "../tensor-data.ts"

/** A network's description: typed layers, each with a `type` and its own settings. */
export const NetworkDescription = Schema.Struct({
  name: Schema.String,
  layers: Schema.Array(Schema.Record(Schema.String, Schema.Json))
})
export type NetworkDescription = typeof NetworkDescription.Type

export interface Model {
  readonly network: NetworkDescription
  readonly weights: ReadonlyMap<string, TensorData>
}

/** A description as the text of a file. */
export const NetworkFile = fromShallowJson(NetworkDescription)
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
  return { network, weights } satisfies Model
})

export const Model = Kind.make<"Model", Model>({ name: "Model", version: 1, encode, decode })
