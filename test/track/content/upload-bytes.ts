/** What an upload would send, whole. */
import { Effect, Stream } from "effect"
import type { Upload } from "../../../src/track/content/index.ts"

export const uploadBytes = ({ content }: Upload) =>
  content._tag === "Bytes"
    ? content.bytes
    : Stream.runCollect(content.stream).pipe(
        Effect.map((pieces) => Buffer.concat([...pieces])),
        Effect.filterOrFail(
          (bytes) => bytes.length === content.size,
          (bytes) => new Error(`a stream of ${content.size} bytes gave ${bytes.length}`)
        )
      )

export const uploadText = (upload: Upload) =>
  Effect.map(uploadBytes(upload), (bytes) => Buffer.from(bytes).toString("utf8"))

/** The upload that goes to `path`. */
export const uploadTo = (uploads: ReadonlyArray<Upload>, path: string): Upload => {
  const found = uploads.find((upload) => upload.path === path)
  if (found === undefined)
    throw new Error(`nothing goes to ${path}, only to ${uploads.map((each) => each.path).join(", ")}`)
  return found
}
