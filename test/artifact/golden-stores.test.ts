/**
 * Stores as earlier versions wrote them. `fixtures/make-store.ts` wrote each, at the time when its form was the newest.
 *
 * What such a store holds is read as what it was, or not at all; it is never read as something else.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { decodeAction } from "../../src/artifact/action.ts"
import { Actions } from "../../src/artifact/actions.ts"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { Blobs } from "../../src/artifact/blobs.ts"
import { Checkpoints } from "../../src/artifact/checkpoints.ts"
import { digestOf } from "../../src/artifact/digest.ts"
import { Dataset, Evaluation, Figure, Model, Sweep, Table } from "../../src/artifact/index.ts"
import { type StoreLayout, storeLayout } from "../../src/artifact/layout.ts"
import { Leases } from "../../src/artifact/leases.ts"
import { verify } from "../../src/artifact/verify.ts"
import { readLastRun } from "../../src/plan/last-run.ts"
import { RunStore } from "../../src/track/run-store.ts"
import { foldRun } from "../../src/track/run-view.ts"
import { cursorsOf } from "../../src/track/upload/cursor.ts"
import { verifyRuns } from "../../src/track/verify-runs.ts"
import { realDisk } from "../rig/faulty-disk.ts"
import { recordOf, scratchDirectory, storeAt } from "../rig/scratch-store.ts"

const fixtures = join(import.meta.dirname, "fixtures")
const stores = readdirSync(fixtures).filter((name) => /^store-.*\.json$/.test(name))
const decodeContents = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
)

const unpack = (name: string, root: string): void => {
  for (const [path, text] of Object.entries(decodeContents(readFileSync(join(fixtures, name), "utf8")))) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    const bytes = text.startsWith("base64:") ? Buffer.from(text.slice(7), "base64") : Buffer.from(text)
    writeFileSync(join(root, path), bytes)
  }
}

const inGolden = <A, E, R>(name: string, use: (layout: StoreLayout) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const layout = storeLayout(join(yield* scratchDirectory, "artifacts"))
    unpack(name, layout.root)
    return yield* use(layout).pipe(Effect.provide(storeAt(layout)))
  })

const run = "20231114-221320000-0a1b"

describe.each(stores)("%s", (name) => {
  it.effect("is whole", () =>
    inGolden(name, (layout) =>
      Effect.gen(function* () {
        const { damage, actions } = yield* verify(false, () => {})
        assert.deepStrictEqual(damage, [])
        assert.strictEqual(actions, 7)
        assert.deepStrictEqual(yield* verifyRuns(layout, false), [])
      })
    )
  )

  it.effect("gives every kind of artifact, to the value", () =>
    inGolden(name, () =>
      Effect.gen(function* () {
        const { reader } = yield* Artifacts
        const { lookup } = yield* Actions
        const of = Effect.fnUntraced(function* (node: string) {
          const found = yield* lookup(digestOf(node))
          if (found._tag !== "Found") return yield* Effect.die(new Error(`there is no record of ${node}`))
          assert.deepStrictEqual(found.record, recordOf(node, found.record.output))
          return yield* reader(found.record.output)
        })
        const stored = yield* Dataset.decode(yield* of("stored"))
        assert.deepStrictEqual(yield* stored.rawRows(0, 2), {
          images: Uint8Array.of(0, 255, 7, 9),
          labels: Int32Array.of(0, 1)
        })
        const combined = yield* Dataset.decode(yield* of("combined"))
        assert.deepStrictEqual([...(yield* combined.rows(0, 3)).labels], [1, 0, 0])
        const { network, weights, history } = yield* Model.decode(yield* of("model"))
        // Older models have none.
        assert.deepStrictEqual(
          history?.map(({ trainingLoss }) => trainingLoss),
          name === "store-with-history.json" ? [0.75] : undefined
        )
        assert.deepStrictEqual(network.layers, [{ type: "input", shape: [1, 2, 1] }])
        assert.deepStrictEqual([...(weights.get("w")?.data ?? [])], [0.5, -2])
        assert.deepStrictEqual((yield* Table.decode(yield* of("table"))).rows, [[1.5], [null]])
        assert.deepStrictEqual((yield* Evaluation.decode(yield* of("evaluation"))).metrics, { m: 1 })
        assert.strictEqual((yield* Sweep.decode(yield* of("sweep"))).points[0]?.epsilon, 0.1)
        assert.strictEqual((yield* Figure.decode(yield* of("figure"))).svg, "<svg/>")
      })
    )
  )

  it.effect("tells of its run, gives its checkpoint, and holds its pin", () =>
    inGolden(name, () =>
      Effect.gen(function* () {
        const runs = yield* RunStore
        assert.strictEqual(yield* runs.find("last"), run)
        const { plan, events } = yield* runs.read(run)
        assert.strictEqual(plan?.pipeline, "golden")
        assert.lengthOf(events, 6)
        const view = foldRun(events, plan?.nodes)
        assert.deepStrictEqual(
          [view.status, ...view.nodes.map(({ state }) => state)],
          ["done", "cached", "ran"]
        )
        assert.strictEqual((yield* runs.ends(run)).finished?.status, "done")
        assert.isTrue(yield* runs.isPinned(run))
        const checkpoints = yield* Checkpoints
        const family = digestOf("family")
        const [file] = yield* checkpoints.list(family)
        if (file === undefined) return assert.fail("there is no checkpoint")
        const { position, progress, tensors } = yield* checkpoints.read(family, file)
        assert.deepStrictEqual([position, progress], [3, { epoch: 3 }])
        assert.deepStrictEqual([...(tensors.get("w")?.data ?? [])], [1, 2])
      })
    )
  )

  it.live("has memories and a cursor that are read as they are or not at all, and a lease to wait for", () =>
    inGolden(name, (layout) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* readLastRun(layout, "golden"), { code: {}, nodes: {} })
        for (const { server } of cursorsOf(realDisk, layout, run))
          assert.strictEqual(server, "http://localhost:5000")
        const leases = yield* Leases
        const held = yield* Effect.flip(Effect.scoped(leases.acquire(digestOf("table"), "a test")))
        assert.strictEqual(held._tag, "LeaseHeld")
      })
    )
  )
})

describe("of another version", () => {
  const [newest = ""] = stores

  it.effect.each([0, 2, 99, -1, 1.5, "1"])(
    "a store of format %s is refused, and nothing in it touched",
    (format) =>
      Effect.gen(function* () {
        const layout = storeLayout(join(yield* scratchDirectory, "artifacts"))
        unpack(newest, layout.root)
        writeFileSync(layout.format, JSON.stringify({ format }))
        const before = readdirSync(layout.root, { recursive: true })
        const error = yield* Effect.flip(Effect.provide(Effect.asVoid(Blobs), storeAt(layout)))
        assert.strictEqual(error._tag, "StoreVersionMismatch")
        assert.include(error.message, layout.root)
        assert.include(error.hint, "--store DIR")
        assert.deepStrictEqual(readdirSync(layout.root, { recursive: true }), before)
      })
  )

  it.effect(
    "an artifact, a record, a journal's line and a checkpoint of a form to come are not misread",
    () =>
      inGolden(newest, (layout) =>
        Effect.gen(function* () {
          const { lookup } = yield* Actions
          const found = yield* lookup(digestOf("table"))
          if (found._tag !== "Found") return assert.fail("there is no record")
          const { record } = found
          assert.isUndefined(decodeAction(JSON.stringify({ ...record, format: 2 })))
          // What a version to come adds may matter: this one computes again.
          assert.isUndefined(decodeAction(JSON.stringify({ ...record, conditions: [] })))

          const blobs = yield* Blobs
          const artifacts = yield* Artifacts
          const { manifest } = yield* artifacts.reader(record.output)
          for (const changed of [
            { ...manifest, format: 2 },
            { ...manifest, version: 2 }
          ]) {
            const { digest } = yield* blobs.put(Buffer.from(JSON.stringify(changed)))
            const error = yield* Effect.flip(artifacts.read(Table, digest))
            assert.strictEqual(error._tag, "BlobCorrupt")
          }

          const runs = yield* RunStore
          const path = `${layout.runs}/${run}/journal.jsonl`
          const lines = readFileSync(path, "utf8")
          writeFileSync(path, `{"_tag":"FromTheFuture","at":1}\n${lines}`)
          assert.lengthOf((yield* runs.read(run)).events, 6)

          const checkpoints = yield* Checkpoints
          const family = digestOf("family")
          const [file] = yield* checkpoints.list(family)
          if (file === undefined) return assert.fail("there is no checkpoint")
          const bytes = Buffer.from(
            readFileSync(file.path).toString("latin1").replace('"checkpoint":"1"', '"checkpoint":"2"'),
            "latin1"
          )
          const other = file.path.replace(file.digest, digestOf(bytes))
          writeFileSync(other, bytes)
          const read = yield* Effect.flip(
            checkpoints.read(family, { ...file, path: other, digest: digestOf(bytes) })
          )
          assert.strictEqual(read._tag, "DamagedCheckpoint")
        })
      )
  )
})
