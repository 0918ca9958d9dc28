/** Reading and writing a data set's files on this machine. */
import { createHash } from "node:crypto"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { dirname, join } from "node:path"
import { Effect, Schema } from "effect"
import type { DataFile } from "./data-source.ts"
import { gunzipBounded, isGzip, maxGzipBytes } from "./gunzip.ts"

/** A file that is there and is not what it should be; `problem` is a phrase that follows its path. */
export class WrongContent extends Schema.TaggedError<WrongContent>()("WrongContent", {
  problem: Schema.String
}) {
  override get message() {
    return this.problem
  }
}

/** The paths at which a file may lie in a directory, in the order in which they are looked at. */
export const namesOf = ({ name, aliases, asPublished }: DataFile): ReadonlyArray<string> =>
  [name, ...aliases].flatMap((plain) => (asPublished ? [plain] : [plain, `${plain}.gz`]))

/** The verified content of the file at `path`; `undefined` where there is nothing. */
export const readVerified = Effect.fnUntraced(function* (
  path: string,
  file: DataFile
): Effect.fn.Return<Uint8Array | undefined, WrongContent> {
  const bytes = yield* readBounded(path, Math.max(file.size, maxGzipBytes(file.size)))
  return bytes === undefined ? undefined : yield* verified(bytes, file)
})

/** Decompresses where needed and compares with what the file must be. */
export const verified = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  file: DataFile
): Effect.fn.Return<Uint8Array, WrongContent> {
  const content =
    isGzip(bytes) && !file.asPublished
      ? yield* gunzipBounded(bytes, { file: "gzip", maxBytes: file.size }).pipe(
          Effect.mapError((error) => new WrongContent({ problem: error.message }))
        )
      : bytes
  if (content.length !== file.size) {
    return yield* new WrongContent({ problem: `has ${content.length} bytes of content, not ${file.size}` })
  }
  const { name, algorithm, expected } = digestOf(file)
  const found = createHash(algorithm).update(content).digest("hex")
  if (found === expected) return content
  return yield* new WrongContent({ problem: `has content of ${name} ${found}, not ${expected}` })
})

const digestOf = (file: DataFile) =>
  "sha256" in file
    ? { name: "SHA-256", algorithm: "sha256", expected: file.sha256 }
    : { name: "MD5", algorithm: "md5", expected: file.md5 }

const readBounded = (path: string, maxBytes: number): Effect.Effect<Uint8Array | undefined, WrongContent> =>
  Effect.acquireUseRelease(
    openFile(path),
    (handle) => (handle === undefined ? Effect.succeed(undefined) : readWhole(handle, maxBytes)),
    (handle) => (handle === undefined ? Effect.void : Effect.promise(() => handle.close()))
  )

const openFile = (path: string): Effect.Effect<fs.FileHandle | undefined, WrongContent> =>
  Effect.tryPromise({
    // Without waiting: opening a pipe would last until somebody writes to it.
    try: () => fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK),
    catch: (error) => error
  }).pipe(
    Effect.catch((error) =>
      ["ENOENT", "ENOTDIR"].includes(codeOf(error)) ? Effect.succeed(undefined) : unreadable(error)
    )
  )

const readWhole = Effect.fnUntraced(function* (handle: fs.FileHandle, maxBytes: number) {
  const stat = yield* orUnreadable(() => handle.stat())
  if (!stat.isFile()) return yield* new WrongContent({ problem: "is not a regular file" })
  if (stat.size > maxBytes) {
    return yield* new WrongContent({ problem: `has ${stat.size} bytes; at most ${maxBytes} were expected` })
  }
  const bytes = new Uint8Array(stat.size)
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = yield* orUnreadable(() => handle.read(bytes, length))
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
})

const orUnreadable = <A>(action: () => Promise<A>): Effect.Effect<A, WrongContent> =>
  Effect.tryPromise({ try: action, catch: (error) => error }).pipe(Effect.catch(unreadable))

const unreadable = (error: unknown): Effect.Effect<never, WrongContent> =>
  new WrongContent({ problem: `cannot be read: ${codeOf(error)}` })

/** A file could not be put into the cache. The run goes on: it has the content. */
export class CacheUnwritable extends Schema.TaggedError<CacheUnwritable>()("CacheUnwritable", {
  path: Schema.String,
  code: Schema.String
}) {
  override get message() {
    return `cannot keep ${this.path}: ${this.code}; it will be fetched again next time`
  }
}

/** Writes a file so that nobody ever sees a part of it: under a name of its own, flushed, then renamed. */
export const writeWhole = (path: string, content: Uint8Array): Effect.Effect<void, CacheUnwritable> =>
  Effect.acquireUseRelease(
    step(path, async () => {
      await fs.mkdir(dirname(path), { recursive: true })
      return fs.mkdtemp(join(dirname(path), ".new-"))
    }),
    (temporary) =>
      step(path, async () => {
        const file = join(temporary, "content")
        await fs.writeFile(file, content, { flush: true })
        await fs.rename(file, path)
      }),
    (temporary) => Effect.ignore(step(path, () => fs.rm(temporary, { recursive: true, force: true })))
  )

/** Removes a file; one that cannot be removed will be overwritten or reported when it is read again. */
export const removeFile = (path: string): Effect.Effect<void> =>
  Effect.ignore(step(path, () => fs.rm(path, { recursive: true, force: true })))

const step = <A>(path: string, action: () => Promise<A>): Effect.Effect<A, CacheUnwritable> =>
  Effect.tryPromise({ try: action, catch: (error) => new CacheUnwritable({ path, code: codeOf(error) }) })

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error)
