/** A picture for people: a PNG, an SVG, or the same picture as both. */
import { Effect, Schema } from "effect"
import { type ArtifactReader, type ArtifactWriter, CodecError, Kind } from "../kind.ts"

export interface Figure {
  readonly title: string
  /** What a reader who cannot see the picture should know. */
  readonly description: string
  readonly png?: Uint8Array
  readonly svg?: string
}

const Caption = Schema.fromJsonString(Schema.Struct({ title: Schema.String, description: Schema.String }))

const encode = Effect.fnUntraced(function* (figure: Figure, writer: ArtifactWriter) {
  if (figure.png === undefined && figure.svg === undefined) {
    return yield* new CodecError({
      kind: "Figure",
      reason: `\`${figure.title}\` has neither a PNG nor an SVG`
    })
  }
  const caption = Schema.encodeSync(Caption)({ title: figure.title, description: figure.description })
  yield* writer.bytes("caption.json", Buffer.from(`${caption}\n`))
  if (figure.png !== undefined) yield* writer.bytes("figure.png", figure.png)
  if (figure.svg !== undefined) yield* writer.bytes("figure.svg", Buffer.from(figure.svg))
})

const decode = Effect.fnUntraced(function* (reader: ArtifactReader) {
  const text = Buffer.from(yield* reader.bytes("caption.json")).toString("utf8")
  const caption = yield* Schema.decodeUnknownEffect(Caption)(text).pipe(
    Effect.mapError((error) => new CodecError({ kind: "Figure", reason: error.message }))
  )
  const has = (file: string) => reader.manifest.files[file] !== undefined
  const png = has("figure.png") ? { png: yield* reader.bytes("figure.png") } : {}
  const svg = has("figure.svg")
    ? { svg: Buffer.from(yield* reader.bytes("figure.svg")).toString("utf8") }
    : {}
  return { ...caption, ...png, ...svg } satisfies Figure
})

export const Figure = Kind.make<"Figure", Figure>({ name: "Figure", version: 1, encode, decode })
