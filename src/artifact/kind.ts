/**
 * An artifact's type: its name, how a value becomes files, and how files become a value again.
 *
 * A kind says nothing of where files lie. It writes through an `ArtifactWriter` and reads through an
 * `ArtifactReader`; the store provides both.
 */
import { Effect, Schema, type Stream } from "effect"
import type { Digest } from "./digest.ts"
import type { Manifest } from "./manifest.ts"
import { fromShallowJson } from "./shallow-json.ts"
import type { StoreError } from "./store-error.ts"

/** A file of an artifact, open for reading at any place. Its bytes were verified against its digest. */
export interface BlobReader {
  /** In bytes. */
  readonly size: number
  /** Reads exactly `length` bytes from `position`. */
  read(position: number, length: number): Effect.Effect<Uint8Array, StoreError>
}

/** Takes the files of one artifact. A file's name is a plain name such as `weights.safetensors`. */
export interface ArtifactWriter {
  bytes(file: string, content: Uint8Array): Effect.Effect<void, StoreError>
  /** Writes a file as it comes, without holding it in memory. */
  stream<E, R>(file: string, content: Stream.Stream<Uint8Array, E, R>): Effect.Effect<void, StoreError | E, R>
  /** Names another artifact as a part of this one: it is verified, kept and collected together with it. */
  part(digest: Digest): Effect.Effect<void>
}

/** The files of one artifact. */
export interface ArtifactReader {
  readonly digest: Digest
  readonly manifest: Manifest
  bytes(file: string): Effect.Effect<Uint8Array, StoreError>
  open(file: string): Effect.Effect<BlobReader, StoreError>
  /** The artifact named as part `index`. */
  part(index: number): Effect.Effect<ArtifactReader, StoreError>
}

/** A value that its kind cannot write, or files that its kind cannot read. */
export class CodecError extends Schema.TaggedError<CodecError>()("CodecError", {
  kind: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.kind}: ${this.reason}`
  }
}

export interface Kind<Name extends string, Value> {
  readonly name: Name
  /** Raised when the file layout changes, so that no old file is misread. */
  readonly version: number
  encode(value: Value, writer: ArtifactWriter): Effect.Effect<void, CodecError | StoreError>
  decode(reader: ArtifactReader): Effect.Effect<Value, CodecError | StoreError>
}

/** Any kind, where its value does not matter. `never` stands in the only place where a value goes in. */
export type AnyKind = {
  readonly name: string
  readonly version: number
  encode(value: never, writer: ArtifactWriter): Effect.Effect<void, CodecError | StoreError>
  decode(reader: ArtifactReader): Effect.Effect<unknown, CodecError | StoreError>
}

/** The value that a kind's artifacts hold. */
export type ValueOf<K extends AnyKind> = Effect.Success<ReturnType<K["decode"]>>

/** A kind with a codec of its own. */
const make = <const Name extends string, Value>(kind: Kind<Name, Value>): Kind<Name, Value> => kind

/** A kind that is one JSON file, checked by a schema when written and when read. */
const json = <const Name extends string, A, I>(
  name: Name,
  schema: Schema.Codec<A, I>,
  version = 1
): Kind<Name, A> => {
  const file = `${name.toLowerCase()}.json`
  const text = fromShallowJson(Schema.toCodecJson(schema))
  const mistake = (error: { readonly message: string }) =>
    new CodecError({ kind: name, reason: error.message })
  return {
    name,
    version,
    encode: (value, writer) =>
      Schema.encodeEffect(text)(value).pipe(
        Effect.mapError(mistake),
        Effect.flatMap((encoded) => writer.bytes(file, Buffer.from(`${encoded}\n`)))
      ),
    decode: (reader) =>
      reader
        .bytes(file)
        .pipe(
          Effect.flatMap((bytes) =>
            Schema.decodeUnknownEffect(text)(Buffer.from(bytes).toString("utf8")).pipe(
              Effect.mapError(mistake)
            )
          )
        )
  }
}

export const Kind = { make, json }
