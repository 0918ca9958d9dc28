/**
 * A process that does one thing with a store and says what it took, so that its memory is its own.
 *
 *     node store-process.ts STORE idle | write FILE | read DIGEST
 *
 * One line of JSON: seconds without the process's start, megabytes of memory at the peak, and the blob's digest.
 */
import { open, readFile } from "node:fs/promises"
import { Effect, Layer, Stream } from "effect"
import { Blobs } from "../../src/artifact/blobs.ts"
import { asDigest } from "../../src/artifact/digest.ts"
import { Disk } from "../../src/artifact/disk.ts"
import { storeLayout } from "../../src/artifact/layout.ts"

/** As many bytes as a dataset hands over at a time. */
const chunkBytes = 1 << 22

/** The file's bytes, each chunk in memory of its own, as a stage makes them. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(chunkBytes), 0, chunkBytes)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

const write = (path: string) =>
  Effect.flatMap(Blobs, (blobs) =>
    Effect.map(blobs.putStream(Stream.fromAsyncIterable(chunksOf(path), String)), ({ digest }) => digest)
  )

/** All of it, verified first, as every reader has to. */
const read = (name: string) =>
  Effect.gen(function* () {
    const digest = asDigest(name)
    const blobs = yield* Blobs
    const blob = yield* blobs.open(digest)
    for (let at = 0; at < blob.size; at += chunkBytes)
      yield* blob.read(at, Math.min(chunkBytes, blob.size - at))
    return digest
  })

/** In megabytes. What the system reports for a child includes what its parent had, so /proc is asked first. */
const peak = async (): Promise<number> => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(await readFile("/proc/self/status", "utf8"))
    if (found !== null) return (Number(found[1]) * 1024) / 1e6
  } catch {}
  return (process.resourceUsage().maxRSS * 1024) / 1e6
}

const [store = "", action, subject = ""] = process.argv.slice(2)
const work: Effect.Effect<string, unknown, Blobs> =
  action === "write" ? write(subject) : action === "read" ? read(subject) : Effect.succeed("")
const layer = Blobs.layer(storeLayout(store)).pipe(Layer.provide(Disk.layer))
const { digest, seconds } = await Effect.runPromise(
  Effect.gen(function* () {
    yield* Blobs
    const start = performance.now()
    return { digest: yield* work, seconds: (performance.now() - start) / 1000 }
  }).pipe(Effect.provide(layer))
)
console.log(JSON.stringify({ digest, seconds, peak: await peak() }))
