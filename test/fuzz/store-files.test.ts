/** Files of a store that somebody else wrote: records, manifests, journals, plans, checkpoints, leases, artifacts. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, sep } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import { Actions } from "../../src/artifact/actions.ts"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import type { Blobs } from "../../src/artifact/blobs.ts"
import { Checkpoints } from "../../src/artifact/checkpoints.ts"
import { collect } from "../../src/artifact/collect.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import { exportArtifact } from "../../src/artifact/export.ts"
import { Dataset, Evaluation, Figure, Model, Sweep, Table } from "../../src/artifact/index.ts"
import { type StoreLayout, storeLayout } from "../../src/artifact/layout.ts"
import { Leases } from "../../src/artifact/leases.ts"
import { readSealed } from "../../src/artifact/sealed-file.ts"
import { rootsOf } from "../../src/track/roots.ts"
import { RunStore } from "../../src/track/run-store.ts"
import { foldRun } from "../../src/track/run-view.ts"
import { verifyRuns } from "../../src/track/verify-runs.ts"
import { countingDisk, fastDisk } from "../rig/faulty-disk.ts"
import { scratchDirectory, storeAt } from "../rig/scratch-store.ts"
import { fuzz, timeout } from "./fuzz.ts"
import { mutated, mutatedJson } from "./mutations.ts"

const golden = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)))(
  readFileSync(join(import.meta.dirname, "../artifact/fixtures/store-with-history.json"), "utf8")
)
const bytesAt = (path: string): Buffer => {
  const text = golden[path] ?? ""
  return text.startsWith("base64:") ? Buffer.from(text.slice(7), "base64") : Buffer.from(text)
}
const pathsBelow = (prefix: string) => Object.keys(golden).filter((path) => path.startsWith(prefix))
const textsBelow = (prefix: string) => pathsBelow(prefix).map((path) => bytesAt(path).toString("utf8"))

/** The golden store on disk, and a disk that tells of every path that was touched. */
const world = Effect.gen(function* () {
  const directory = yield* scratchDirectory
  const layout = storeLayout(join(directory, "artifacts"))
  for (const path of Object.keys(golden)) {
    mkdirSync(dirname(join(layout.root, path)), { recursive: true })
    writeFileSync(join(layout.root, path), bytesAt(path))
  }
  const { disk, log } = countingDisk(fastDisk)
  /** Runs something on the store, and holds it to the directory. */
  const within = <A, E>(use: Effect.Effect<A, E, Services>) =>
    Effect.gen(function* () {
      const before = log.length
      const exit = yield* Effect.exit(Effect.provide(use, storeAt(layout, disk)))
      for (const { path } of log.slice(before))
        assert.isTrue(path === directory || path.startsWith(directory + sep), `${path} is outside`)
      return yield* exit
    })
  return { layout, directory, within }
})

type Services =
  | Actions
  | Artifacts
  | Blobs
  | Checkpoints
  | Leases
  | RunStore
  | Effect.Services<ReturnType<typeof verifyRuns>>

type World = Effect.Success<typeof world>

const inWorld = (use: (world: World) => Promise<void>): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(world, (each) => Effect.promise(() => use(each)))))

const put = (layout: StoreLayout, bytes: Uint8Array): Digest => {
  const digest = digestOf(bytes)
  mkdirSync(dirname(layout.blob(digest)), { recursive: true })
  writeFileSync(layout.blob(digest), bytes)
  return digest
}

/** A manifest, a file, and which of the manifest's files that one is to stand for. */
const artifactsOf = (manifests: ReadonlyArray<string>, files: ReadonlyArray<Uint8Array>) =>
  fc.record({
    manifest: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...manifests) },
      { weight: 1, arbitrary: mutatedJson(manifests) }
    ),
    file: fc.oneof(
      mutated(files),
      mutatedJson(files.map((each) => Buffer.from(each).toString("utf8"))).map((text) => Buffer.from(text))
    ),
    which: fc.integer({ min: -1, max: 2 })
  })

const kinds = { Dataset, Evaluation, Figure, Model, Sweep, Table }

describe("hostile files in a store", () => {
  it(
    "action records are what was published, or none",
    () =>
      inWorld(async ({ layout, within }) => {
        const key = digestOf("table")
        const records = textsBelow("actions/").map((text) => text.trim())
        const { taken } = await fuzz({
          inputs: mutatedJson(textsBelow("actions/")),
          read: (text) =>
            within(
              Effect.gen(function* () {
                writeFileSync(layout.action(key), text)
                const found = yield* (yield* Actions).lookup(key)
                // Accidents do not make checksums: what is found under one is one of the records that there were.
                if (found._tag === "Found" && text.includes('"checksum"'))
                  assert.include(records, text.trim())
              })
            ),
          bound: (text) => 16 * text.length + 65_536
        })
        assert.isAbove(taken, 0)
      }),
    timeout
  )

  it(
    "journals give the events that were written, whatever is between them",
    () =>
      inWorld(async ({ layout, within }) => {
        const [path = ""] = pathsBelow("runs/").filter((each) => each.endsWith("journal.jsonl"))
        const id = path.split("/")[1] ?? ""
        const lines = bytesAt(path).toString("utf8").trim().split("\n")
        const unsealed = lines.map((line) => line.replace(/,"crc32":"[0-9a-f]{8}"/, ""))
        await fuzz({
          inputs: mutatedJson([`${lines.join("\n")}\n`, `${unsealed.join("\n")}\n`, `${lines[0]}\n{`]),
          read: (text) =>
            within(
              Effect.gen(function* () {
                writeFileSync(join(layout.root, path), text)
                const runs = yield* RunStore
                const { plan, events } = yield* runs.read(id)
                foldRun(events, plan?.nodes ?? [])
                yield* runs.ends(id)
                yield* rootsOf(0, 1)
                yield* verifyRuns(layout, false)
                yield* runs.piece(id, 0, 64)
              })
            ),
          bound: (text) => 64 * text.length + 1_000_000,
          runs: 500
        })
      }),
    timeout
  )

  it(
    "plans, memories and leases are read, or not",
    () =>
      inWorld(async ({ layout, within }) => {
        const [plan = ""] = pathsBelow("runs/").filter((each) => each.endsWith("plan.json"))
        const id = plan.split("/")[1] ?? ""
        const [memo = "", lease = ""] = [...pathsBelow("memos/"), ...pathsBelow("leases/")]
        await fuzz({
          inputs: mutatedJson([...textsBelow("plans/"), ...textsBelow("memos/"), ...textsBelow("leases/")]),
          read: (text) =>
            within(
              Effect.gen(function* () {
                for (const path of [plan, memo, lease]) writeFileSync(join(layout.root, path), text)
                const runs = yield* RunStore
                yield* runs.plan(id)
                readSealed(fastDisk, layout, join(layout.root, memo), "last-run-3")
                const leases = yield* Leases
                yield* Effect.scoped(leases.acquire(digestOf("table"), "fuzz")).pipe(
                  Effect.catchTag("LeaseHeld", () => Effect.void)
                )
              })
            ),
          bound: (text) => 64 * text.length + 1_000_000
        })
      }),
    timeout
  )

  it(
    "checkpoints are whole, or passed over",
    () =>
      inWorld(async ({ layout, within }) => {
        const [path = ""] = pathsBelow("checkpoints/")
        const family = digestOf("family")
        await fuzz({
          inputs: mutated([bytesAt(path)]),
          read: (bytes) =>
            within(
              Effect.gen(function* () {
                // Under its right name, as somebody would write it who knows how.
                const target = `${layout.checkpoints(family)}/${digestOf("model")}.3.${digestOf(bytes)}.safetensors`
                writeFileSync(target, bytes)
                const checkpoints = yield* Checkpoints
                for (const file of yield* checkpoints.list(family))
                  if (file.path === target)
                    yield* Effect.ensuring(
                      checkpoints.read(family, file),
                      Effect.sync(() => fastDisk.remove(target))
                    )
              })
            ),
          bound: (bytes) => 8 * bytes.length + 65_536,
          runs: 500
        })
      }),
    timeout
  )

  it(
    "artifacts of every kind are read, or refused; none is exported to anywhere else",
    () =>
      inWorld(async ({ layout, directory, within }) => {
        const blobs = pathsBelow("cas/").map((path) => bytesAt(path))
        const manifests = blobs
          .map((each) => each.toString("utf8"))
          .filter((text) => text.startsWith('{"format"'))
        const files = blobs.filter((each) => !each.toString("utf8").startsWith('{"format"'))
        let exports = 0
        const { taken, refused } = await fuzz({
          inputs: artifactsOf(manifests, files),
          read: ({ manifest, file, which }) =>
            within(
              Effect.gen(function* () {
                const artifacts = yield* Artifacts
                const content = put(layout, file)
                // One of the files that it names, or that one in its place.
                let seen = -1
                const text = manifest.replaceAll(/"digest":"[0-9a-f]{64}"/g, (entry) =>
                  ++seen === which ? `"digest":"${content}"` : entry
                )
                const digest = put(layout, Buffer.from(text))
                const { manifest: read } = yield* artifacts.reader(digest)
                const out = join(directory, "out", String(exports++))
                yield* Effect.ignore(exportArtifact(digest, out))
                const kind = Object.entries(kinds).find(([name]) => name === read.kind)?.[1]
                if (kind === undefined) return
                const value = yield* artifacts.read(kind, digest)
                if (kind !== Dataset) return
                const dataset = yield* Dataset.decode(yield* artifacts.reader(digest))
                if (dataset.count > 0) yield* dataset.rows(0, Math.min(dataset.count, 4))
                return value
              })
            ),
          bound: ({ file }) => 400 * file.length + 4_000_000,
          runs: 500
        })
        assert.isAbove(taken, 0)
        assert.includeMembers(Object.keys(refused), ["BlobCorrupt", "CodecError"])
      }),
    timeout
  )

  it("a collection over a store of such files takes nothing outside of it", () =>
    inWorld(async ({ within }) => {
      await Effect.runPromise(
        within(
          Effect.gen(function* () {
            const { roots } = yield* rootsOf(0, Number.MAX_SAFE_INTEGER)
            yield* collect(roots, false)
          })
        )
      )
    }))
})
