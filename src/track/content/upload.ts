/**
 * A file for MLflow, described before it exists.
 *
 * Small files are made when they are asked for; files of the store are read in pieces. So a list of uploads costs nothing, and
 * memory holds one small file or one piece at a time.
 */
import { Effect, type Schema, Stream } from "effect"
import { type BlobReader, CodecError } from "../../artifact/kind.ts"
import type { StoreError } from "../../artifact/store-error.ts"

/** Why a file of a run cannot be made: the artifact is damaged, or its content cannot be shown. */
export type ContentError = CodecError | StoreError

export interface Upload {
  /** Where it goes below the run's or the model's artifacts: `tables/accuracy.json`. Plain segments, no leading `/`. */
  readonly path: string
  /** As in the header `Content-Type`. */
  readonly contentType: string
  readonly content:
    | {
        readonly _tag: "Bytes"
        /** Makes the file: a few megabytes at most, but for a model's weights. The same bytes each time. */
        readonly bytes: Effect.Effect<Uint8Array, ContentError>
      }
    | {
        readonly _tag: "Stream"
        /** In bytes. */
        readonly size: number
        /** Pieces that together have `size` bytes. It can be run again. */
        readonly stream: Stream.Stream<Uint8Array, ContentError>
      }
}

/** Bytes of a blob that are in memory at a time. */
const pieceBytes = 1 << 22

/** A file of the store, as it is. */
export const blobUpload = (path: string, contentType: string, blob: BlobReader): Upload => ({
  path,
  contentType,
  content: {
    _tag: "Stream",
    size: blob.size,
    stream: Stream.fromIterable(
      Array.from({ length: Math.ceil(blob.size / pieceBytes) }, (_, index) => index * pieceBytes)
    ).pipe(Stream.mapEffect((at) => blob.read(at, Math.min(pieceBytes, blob.size - at))))
  }
})

export const bytesUpload = (
  path: string,
  contentType: string,
  bytes: Effect.Effect<Uint8Array, ContentError>
): Upload => ({ path, contentType, content: { _tag: "Bytes", bytes } })

/** @param text is asked for when the file is sent */
export const textUpload = (path: string, contentType: string, text: () => string): Upload =>
  bytesUpload(
    path,
    contentType,
    Effect.sync(() => Buffer.from(text()))
  )

export const jsonUpload = (path: string, json: () => Schema.Json): Upload =>
  textUpload(path, "application/json", () => JSON.stringify(json()))

/** Says that an artifact cannot be shown. */
export const unshowable = (kind: string, reason: string): CodecError => new CodecError({ kind, reason })
