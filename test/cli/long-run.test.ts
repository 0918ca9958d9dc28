/**
 * Many runs in one process, with a garbage collection now and then: nothing grows.
 *
 * `LONG_RUNS` sets how many; the figures in docs/reliability.md are of 10,000.
 */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { verify } from "../../src/artifact/verify.ts"
import { collectGarbage } from "../../src/cli/collect-garbage.ts"
import { fastDisk } from "../rig/faulty-disk.ts"
import { InlineLab } from "../rig/inline-lab.ts"
import { workersLayer } from "../rig/lab.ts"
import { storeAt } from "../rig/scratch-store.ts"

const runs = Number(process.env["LONG_RUNS"] ?? 60)
const betweenCollections = 20
const keepRuns = 5

setFlagsFromString("--expose-gc")
const freeMemory: unknown = runInNewContext("gc")

interface Sizes {
  readonly handles: number
  readonly heap: number
  readonly files: number
  readonly bytes: number
}

const sizesOf = (store: string): Sizes => {
  if (typeof freeMemory === "function") freeMemory()
  const files = readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
  return {
    // Where the system does not tell, there is nothing to compare.
    handles: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    heap: process.memoryUsage().heapUsed,
    files: files.length,
    bytes: files.reduce((a, b) => a + b, 0)
  }
}

layer(workersLayer, { excludeTestServices: true, timeout: "2 hours" })("many runs", (it) => {
  it.effect(
    "leave as many handles, as much memory and as large a store as some runs do",
    () =>
      Effect.acquireUseRelease(
        Effect.sync(() => new InlineLab()),
        (lab) =>
          Effect.gen(function* () {
            lab.startStore()
            const sizes: Array<Sizes> = []
            for (let run = 1; run <= runs; run++) {
              // Every other run computes all of it, to other bytes; the one after it finds all of it.
              lab.variant = run >> 1
              const { view } = yield* lab.run(fastDisk, () => {}, run % 2 === 0 ? ["images"] : [])
              assert.strictEqual(view.status, "done")
              if (run % betweenCollections > 0) continue
              // Two hours later: what a command might still be about to use is old by then.
              const now = Date.now() + 7_200_000
              yield* collectGarbage({ keepRuns, maxBytes: undefined, dryRun: false, now }).pipe(
                Effect.provide(storeAt(lab.layout, fastDisk))
              )
              sizes.push(sizesOf(lab.store))
            }
            const [, first = sizes[0]] = sizes
            const last = sizes.at(-1)
            if (first === undefined || last === undefined) return assert.fail("nothing was collected")
            if (process.env["LONG_RUNS"] !== undefined)
              process.stderr.write(`${JSON.stringify({ runs, first, last })}\n`)
            assert.isAtMost(last.handles, first.handles)
            assert.isAtMost(last.files, first.files)
            assert.isAtMost(last.bytes, first.bytes + 4096)
            // What the engine itself learns about the code takes some.
            assert.isAtMost(last.heap, first.heap + 16e6)
            assert.lengthOf(fastDisk.list(lab.layout.runs), keepRuns)
            const { damage } = yield* verify(false, () => {}).pipe(
              Effect.provide(storeAt(lab.layout, fastDisk))
            )
            assert.deepStrictEqual(damage, [])
          }),
        (lab) => Effect.sync(() => lab.remove())
      ),
    { timeout: 7_200_000 }
  )
})
