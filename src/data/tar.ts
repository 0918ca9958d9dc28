/**
 * Finds files in a tar archive that is in memory. Nothing is unpacked to disk, so no name in it leads anywhere.
 *
 * @see POSIX.1-2024, pax, "ustar interchange format"
 */
import { Effect, Schema } from "effect"

/** An archive that is none, ends too early, or lacks a file. */
export class BadArchive extends Schema.TaggedError<BadArchive>()("BadArchive", {
  archive: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.archive}: ${this.reason}`
  }
  get hint() {
    return "get it again from where it is published"
  }
}

const block = 512

/**
 * The contents of the named members, views into `bytes`, in the order of `names`.
 *
 * @param archive what errors call it
 */
export const tarMembers = Effect.fnUntraced(function* (
  archive: string,
  bytes: Uint8Array,
  names: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<Uint8Array>, BadArchive> {
  const found = new Map<string, Uint8Array>()
  for (let at = 0; at + block <= bytes.length; ) {
    const header = bytes.subarray(at, at + block)
    // Two blocks of zeros end an archive; the first is enough to know it.
    if (header.every((byte) => byte === 0)) break
    const name = textOf(header, 0, 100)
    const size = sizeOf(header)
    if (size === undefined)
      return yield* new BadArchive({ archive, reason: `no tar header at byte ${at}: it has no size` })
    const from = at + block
    if (from + size > bytes.length)
      return yield* new BadArchive({
        archive,
        reason: `\`${name}\` has ${size} bytes, and the archive ends ${bytes.length - from} bytes after its header`
      })
    if (names.includes(name)) found.set(name, bytes.subarray(from, from + size))
    at = from + block * Math.ceil(size / block)
  }
  const contents: Array<Uint8Array> = []
  for (const name of names) {
    const content = found.get(name)
    if (content === undefined) return yield* new BadArchive({ archive, reason: `has no file \`${name}\`` })
    contents.push(content)
  }
  return contents
})

/** A field's text, up to its first zero. */
const textOf = (header: Uint8Array, from: number, length: number): string => {
  const field = Buffer.from(header.subarray(from, from + length)).toString("latin1")
  const end = field.indexOf("\0")
  return end === -1 ? field : field.slice(0, end)
}

/** A member's size: octal digits. Eleven of them are below 2^33, so a sum of sizes stays exact. */
const sizeOf = (header: Uint8Array): number | undefined => {
  const text = textOf(header, 124, 12).trim()
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined
}
