/** Decompression that cannot be made to fill the memory. */
import { gunzip } from "node:zlib"
import { Effect, Schema } from "effect"

/** A gzip file that goes on after everything its content could be: a mistake, or a bomb. */
export class GzipTooLarge extends Schema.TaggedError<GzipTooLarge>()("GzipTooLarge", {
  file: Schema.String,
  compressedBytes: Schema.Int,
  maxBytes: Schema.Int
}) {
  override get message() {
    return `${this.file}: its ${this.compressedBytes} bytes decompress to more than the ${this.maxBytes} expected; stopped there`
  }
  get hint() {
    return "the file is not what its name says: get it again from where it is published"
  }
}

export class GzipBroken extends Schema.TaggedError<GzipBroken>()("GzipBroken", {
  file: Schema.String,
  compressedBytes: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file}: its ${this.compressedBytes} bytes are not a whole gzip file: ${this.reason}`
  }
  get hint() {
    return "the file was cut short or damaged on its way: get it again"
  }
}

export type GzipError = GzipTooLarge | GzipBroken

/** Whether bytes begin as every gzip file does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** The most bytes that a gzip file of `size` bytes of content takes, with some room for names and comments. */
export const maxGzipBytes = (size: number): number => size + Math.ceil(size / 1000) + 65_536

/**
 * Decompresses a gzip file, off the main thread. Holds `maxBytes` and one more chunk at most.
 *
 * @param file what errors call it
 */
export const gunzipBounded = (
  bytes: Uint8Array,
  { file, maxBytes }: { readonly file: string; readonly maxBytes: number }
): Effect.Effect<Uint8Array, GzipError> =>
  Effect.callback((resume) => {
    const compressedBytes = bytes.length
    // zlib takes a limit of at least one byte.
    gunzip(bytes, { maxOutputLength: Math.max(1, maxBytes) }, (error, content) => {
      if (error === null) resume(Effect.succeed(content))
      else if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") {
        resume(new GzipTooLarge({ file, compressedBytes, maxBytes }))
      } else resume(new GzipBroken({ file, compressedBytes, reason: error.message }))
    })
  })

const codeOf = (error: Error): unknown => ("code" in error ? error.code : undefined)
