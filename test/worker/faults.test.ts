/**
 * Law 8 in a worker: whatever call of it fails, the next attempt comes to the same digests.
 *
 * What `test/artifact/faults.test.ts` does to the scheduler's process is done here to the worker's: its bundles, its inputs,
 * what it keeps on the way, what it writes. `FAULTS=all` tries every call with every fault, where by default some are picked.
 */
import { cpSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Workers } from "../../src/worker/workers.ts"
import { type Call, type CallFault, faultsOfCall } from "../rig/failing-calls.ts"
import { FaultyWorker, type Orders } from "../rig/faulty-worker.ts"
import { Lab, repository } from "../rig/lab.ts"

const everything = process.env["FAULTS"] === "all"

const module = (path: string) => JSON.stringify(join(repository, "src", path))

/** A set that is kept in parts, a model that keeps checkpoints, and what reads both. */
const pipeline = `
import { Effect, Schema } from "effect"
import { Dataset, Evaluation, Model } from ${module("artifact/index.ts")}
import { Checkpoint, Pipeline, Stage } from ${module("stage/index.ts")}

const none = Schema.Struct({})
const info = { name: "digits", shape: [2, 2, 1], classes: ["even", "odd"], notes: {} } as const

export const digits = Stage.make("digits", {
  inputs: {}, params: none, output: Dataset,
  *run() {
    const checkpoint = yield* Checkpoint
    const images = new Uint8Array(48)
    for (let from = 0; from < 12; from += 4) {
      const found = yield* checkpoint.part(from)
      const data = found?.tensors.get("images")?.data
      const part = data instanceof Uint8Array ? data : Uint8Array.from({ length: 16 }, (_, i) => (from * 16 + i * 37) % 256)
      images.set(part, from * 4)
      if (found === undefined)
        yield* checkpoint.keepPart({
          position: from, progress: null, tensors: new Map([["images", { dtype: "U8", shape: [4, 4], data: part }]])
        })
    }
    return Dataset.fromArrays({ info, images, labels: Int32Array.from({ length: 12 }, (_, i) => i % 2) })
  }
})

export const trained = Stage.make("trained", {
  inputs: {}, params: Schema.Struct({ epochs: Schema.Int }), output: Model, checkpoint: { continues: ["epochs"] },
  *run(_, { epochs }) {
    const checkpoint = yield* Checkpoint
    const found = yield* checkpoint.latest(() => true)
    let weight = Number(found?.tensors.get("w")?.data[0] ?? 1)
    for (let epoch = found?.position ?? 0; epoch < epochs; epoch++) {
      weight = weight * 3 + epoch
      const tensors = new Map([["w", { dtype: "F64", shape: [1], data: Float64Array.of(weight) }]] as const)
      yield* checkpoint.write({ position: epoch + 1, progress: { epoch }, tensors })
    }
    const weights = new Map([["w", { dtype: "F32", shape: [1], data: Float32Array.of(weight) }]] as const)
    return { network: { name: "net", layers: [] }, weights }
  }
})

export const score = Stage.make("score", {
  inputs: { model: Model, images: Dataset }, params: none, output: Evaluation,
  *run({ model, images }) {
    const { labels } = yield* images.rows(0, images.count)
    const metrics = { weight: Number(model.weights.get("w")?.data[0] ?? 0) }
    return { title: "t", count: 12, correct: labels.filter((label) => label === 1).length, perClass: [], metrics }
  }
})

export default Pipeline.make("lab", {
  description: "", params: none, presets: { demo: {} }, defaultPreset: "demo",
  build: () => {
    const images = digits({}, {})
    const model = trained({}, { epochs: 3 })
    return { images, model, result: score({ model, images }, {}) }
  }
})
`

interface Trial {
  readonly at: number
  readonly call: Call
  readonly fault: CallFault
}

/** What to try: at most `limit` faults, evenly spread over all calls. */
const trialsOf = (calls: ReadonlyArray<Call>, limit: number): ReadonlyArray<Trial> => {
  const all = calls.flatMap((call, at) => faultsOfCall(call).map((fault): Trial => ({ at, call, fault })))
  if (everything || all.length <= limit) return all
  return Array.from({ length: limit }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / limit)]).filter(
    (trial) => trial !== undefined
  )
}

class Trials {
  readonly lab = new Lab()
  readonly worker = new FaultyWorker(this.lab.root)
  #stores = 0

  constructor() {
    this.lab.write("pipelines/lab.ts", pipeline)
  }

  /** Runs the pipeline in a store of its own, which begins as a copy. One stage at a time, so that calls have an order. */
  readonly runIn = (copyOf: string, orders: Omit<Orders, "store"> = {}) => {
    this.lab.store = this.lab.path(`store-${this.#stores++}`)
    cpSync(copyOf, this.lab.store, { recursive: true })
    return this.runOn(orders)
  }

  readonly runOn = (orders: Omit<Orders, "store"> = {}) =>
    Effect.suspend(() => {
      this.worker.order({ store: this.lab.store, ...orders })
      return this.lab.run({ keepGoing: true, cores: 1 })
    })

  /** Lets each picked call fail. */
  readonly tryAll = Effect.fnUntraced({ self: this }, function* (prepared: string, limit: number) {
    const undisturbed = yield* this.runIn(prepared)
    assert.deepStrictEqual(undisturbed.ran, ["images", "model", "result"])
    const calls = this.worker.calls()
    rmSync(this.lab.store, { recursive: true })
    const trials = trialsOf(calls, limit)
    for (const { at, call, fault } of trials) {
      const what = `call ${at}, ${call.call} of ${call.path.split("/").slice(-3).join("/")}, ${JSON.stringify(fault)}`
      const { view, digests } = yield* this.runIn(prepared, { at, fault })
      const failures = view.nodes.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))
      for (const { tag, message, hint = "" } of failures) {
        assert.strictEqual(tag, "StoreFault", `${what}: ${message}`)
        assert.include(message, this.lab.store, what)
        assert.notStrictEqual(hint, "", what)
      }
      assert.strictEqual(view.status, failures.length === 0 ? "done" : "failed", what)
      if (fault.code === "short") assert.deepStrictEqual(failures, [], what)
      for (const [node, digest] of Object.entries(digests))
        assert.strictEqual(digest, undisturbed.digests[node], what)
      const next = yield* this.runOn()
      assert.strictEqual(next.view.status, "done", what)
      assert.deepStrictEqual(next.digests, undisturbed.digests, what)
      assert.deepStrictEqual((yield* this.lab.verify()).damage, [], what)
      rmSync(this.lab.store, { recursive: true })
    }
    if (everything) process.stderr.write(`${calls.length} calls, ${trials.length} faults\n`)
    return calls
  })
}

/** What was called, by name and by the part of the store. */
const kindsOf = (calls: ReadonlyArray<Call>): Array<string> => [
  ...new Set(calls.map(({ call, path }) => `${call} ${/\/store-\d+\/([^/]+)/.exec(path)?.[1]}`))
]

describe("a worker whose calls fail", () => {
  it.live(
    "ends its stage with a typed error or goes on, and the next run comes to the same digests",
    () =>
      Effect.acquireUseRelease(
        Effect.sync(() => new Trials()),
        (trials) =>
          Effect.gen(function* () {
            const { lab } = trials
            yield* trials.runOn()
            const known = lab.path("known")
            lab.keepPlan(known)
            assert.includeMembers(kindsOf(yield* trials.tryAll(known, 6)), [
              "readFile code",
              "readFile cas",
              "read cas",
              "write tmp",
              "fsync tmp",
              "rename cas",
              "rename checkpoints"
            ])

            // Now a store in which the first two stages got as far as keeping everything, and could not write their results.
            const { view } = yield* trials.runIn(known, { full: "/cas/" })
            assert.strictEqual(view.status, "failed")
            assert.lengthOf(readdirSync(lab.layout.checkpointRoot), 2)
            const begun = lab.path("begun")
            cpSync(lab.store, begun, { recursive: true })
            assert.include(kindsOf(yield* trials.tryAll(begun, 4)), "readFile checkpoints")
          }).pipe(Effect.provide(Workers.layer(trials.worker.script))),
        ({ lab }) => Effect.sync(() => lab.remove())
      ),
    { timeout: 7_200_000 }
  )
})
