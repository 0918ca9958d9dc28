/**
 * Law 8: an input or output error at any operation leaves a store that the next attempt completes to the same digests.
 *
 * `FAULTS=all` tries every operation with every fault, where by default some of them are picked.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { Actions } from "../../src/artifact/actions.ts"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import type { Digest } from "../../src/artifact/digest.ts"
import type { DiskShape } from "../../src/artifact/disk.ts"
import { Dataset, Evaluation, Figure, Model, Table } from "../../src/artifact/index.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { storeLayout } from "../../src/artifact/layout.ts"
import { StoreFault } from "../../src/artifact/store-error.ts"
import { verify } from "../../src/artifact/verify.ts"
import {
  countingDisk,
  type Fault,
  failingOnce,
  fastDisk,
  faultsOf,
  type Performed
} from "../rig/faulty-disk.ts"
import { InlineLab } from "../rig/inline-lab.ts"
import { workersLayer } from "../rig/lab.ts"
import { leftovers, recordOf, scratchDirectory, scratchLayout, storeAt } from "../rig/scratch-store.ts"

const everything = process.env["FAULTS"] === "all"

interface Trial {
  readonly at: number
  readonly performed: Performed
  readonly fault: Fault
}

/** What to try: at most `limit` faults, evenly spread over all operations. */
const trialsOf = (log: ReadonlyArray<Performed>, limit: number): ReadonlyArray<Trial> => {
  const all = log.flatMap((performed, at) =>
    faultsOf(performed).map((fault): Trial => ({ at, performed, fault }))
  )
  if (everything || all.length <= limit) return all
  return Array.from({ length: limit }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / limit)]).filter(
    (trial) => trial !== undefined
  )
}

const describeTrial = ({ at, performed, fault }: Trial) =>
  `operation ${at}, ${performed.operation} of ${performed.path.split("/").slice(-3).join("/")}, ${fault.code} with ${fault.done} done`

/** Nothing but typed errors: a defect would be a mistake of ours. */
const failuresOf = (exit: Exit.Exit<unknown, unknown>, what: string): ReadonlyArray<unknown> => {
  if (Exit.isSuccess(exit)) return []
  assert.deepStrictEqual(
    exit.cause.reasons.map(({ _tag }) => _tag),
    ["Fail"],
    `${what}: ${Cause.pretty(exit.cause)}`
  )
  return exit.cause.reasons.filter(Cause.isFailReason).map(({ error }) => error)
}

const info = { name: "d", shape: [2, 1, 1], classes: ["a", "b"], notes: {} } as const
const dataset = Dataset.fromArrays({ info, images: Uint8Array.of(1, 2, 3, 4), labels: Int32Array.of(0, 1) })

const writers: ReadonlyArray<
  readonly [string, (artifacts: Artifacts["Service"]) => Effect.Effect<Digest, unknown>]
> = [
  ["a stored dataset", (artifacts) => artifacts.write(Dataset, dataset)],
  [
    "a combined dataset",
    (artifacts) =>
      Effect.gen(function* () {
        const part = yield* Effect.flatMap(
          artifacts.reader(yield* artifacts.write(Dataset, dataset)),
          Dataset.decode
        )
        return yield* artifacts.write(
          Dataset,
          yield* Dataset.combine([part, part], { info, order: Int32Array.of(3, 0) })
        )
      })
  ],
  [
    "a model",
    (artifacts) =>
      artifacts.write(Model, {
        network: { name: "n", layers: [] },
        weights: new Map([["w", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) } as const]])
      })
  ],
  ["a table", (artifacts) => artifacts.write(Table, { title: "t", columns: [], rows: [] })],
  [
    "an evaluation",
    (artifacts) =>
      artifacts.write(Evaluation, { title: "t", count: 0, correct: 0, perClass: [], metrics: {} })
  ],
  ["a figure", (artifacts) => artifacts.write(Figure, { title: "t", description: "d", svg: "<svg/>" })]
]

describe("writing and publishing", () => {
  it.effect.each(writers)(
    "%s fails with a typed error at any failing operation, and succeeds the next time",
    ([, write]) =>
      Effect.gen(function* () {
        const root = yield* scratchDirectory
        /** Writes, checks, publishes and looks up, as a run does. */
        const attempt = (layout: StoreLayout, disk: DiskShape) =>
          Effect.gen(function* () {
            const digest = yield* write(yield* Artifacts)
            const artifacts = yield* Artifacts
            yield* artifacts.adopt(digest)
            const actions = yield* Actions
            const { output } = yield* actions.publish(recordOf("key", digest))
            const found = yield* actions.lookup(recordOf("key", digest).key)
            assert.strictEqual(found._tag, "Found")
            return output
          }).pipe(Effect.provide(storeAt(layout, disk)))

        const counting = countingDisk(fastDisk)
        const expected = yield* attempt(storeLayout(join(root, "undisturbed")), counting.disk)
        const trials = trialsOf(counting.log, 50)
        assert.isAbove(trials.length, 40)
        for (const [index, trial] of trials.entries()) {
          const what = describeTrial(trial)
          const layout = storeLayout(join(root, `store-${index}`))
          const exit = yield* Effect.exit(attempt(layout, failingOnce(trial.at, trial.fault, fastDisk).disk))
          for (const error of failuresOf(exit, what)) assert.instanceOf(error, StoreFault, what)
          // Whatever could still be cleaned up has been.
          if (trial.performed.operation !== "remove") assert.deepStrictEqual(leftovers(layout), [], what)
          assert.strictEqual(yield* attempt(layout, fastDisk), expected, what)
          const { damage } = yield* verify(false, () => {}).pipe(Effect.provide(storeAt(layout, fastDisk)))
          assert.deepStrictEqual(damage, [], what)
          rmSync(layout.root, { recursive: true })
        }
      }),
    { timeout: 120_000 }
  )

  it.effect("a full disk that fills up again and again is written to in the end", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const write = (disk: DiskShape) =>
        Effect.flatMap(Artifacts, (artifacts) => artifacts.write(Dataset, dataset)).pipe(
          Effect.provide(storeAt(layout, disk))
        )
      const full: Fault = { code: "ENOSPC", done: "half" }
      let failures = 0
      for (let at = 0; ; at++) {
        const exit = yield* Effect.exit(write(failingOnce(at, full, fastDisk).disk))
        if (Exit.isSuccess(exit) && at > 60) break
        if (Exit.isFailure(exit)) failures++
      }
      assert.isAbove(failures, 5)
      assert.deepStrictEqual(
        (yield* verify(false, () => {}).pipe(Effect.provide(storeAt(layout)))).damage,
        []
      )
    })
  )
})

const writing: ReadonlySet<string> = new Set(["createWhole", "create", "append", "rename", "link"])

layer(workersLayer, { excludeTestServices: true, timeout: "10 minutes" })("a run", (it) => {
  const inLab = <A, E, R>(use: (lab: InlineLab) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => new InlineLab()),
      use,
      (lab) => Effect.sync(() => lab.remove())
    )

  /** Lets every trial's operation fail in a store of its own, and looks at what comes of it. */
  const tryAll = (lab: InlineLab, limit: number, prepared?: string) =>
    Effect.gen(function* () {
      lab.startStore(prepared)
      const counting = countingDisk(fastDisk)
      const undisturbed = yield* lab.run(counting.disk)
      assert.deepStrictEqual(undisturbed.ran, ["images", "mixed", "model", "result"])
      const trials = trialsOf(counting.log, limit)
      for (const trial of trials) {
        const what = describeTrial(trial)
        lab.startStore(prepared)
        const { disk } = failingOnce(trial.at, trial.fault, fastDisk)
        const exit = yield* lab.run(disk).pipe(
          Effect.timeoutOrElse({
            duration: "2 minutes",
            orElse: () => Effect.die(new Error(`${what}: the run hangs`))
          }),
          Effect.exit
        )
        for (const error of failuresOf(exit, what)) assert.instanceOf(error, StoreFault, what)
        if (Exit.isSuccess(exit)) {
          // Whatever was computed all the same is right.
          for (const [node, digest] of Object.entries(exit.value.digests))
            assert.strictEqual(digest, undisturbed.digests[node], what)
        }
        lab.endProcess()
        const next = yield* lab.run()
        assert.deepStrictEqual(next.digests, undisturbed.digests, what)
        assert.strictEqual(next.view.status, "done", what)
        const { damage } = yield* verify(false, () => {}).pipe(Effect.provide(storeAt(lab.layout, fastDisk)))
        assert.deepStrictEqual(damage, [], what)
        rmSync(lab.store, { recursive: true })
      }
      if (everything) process.stderr.write(`${counting.log.length} operations, ${trials.length} faults\n`)
      return trials.length
    })

  it.effect(
    "of a pipeline that is known ends with typed errors or failed nodes, and the next one completes it",
    () =>
      inLab((lab) =>
        Effect.gen(function* () {
          lab.startStore()
          yield* lab.run()
          const prepared = lab.path("prepared")
          yield* Effect.sync(() => lab.keepPlan(prepared))
          assert.isAbove(yield* tryAll(lab, 60, prepared), 50)
        })
      ),
    { timeout: 600_000 }
  )

  it.effect(
    "of a pipeline that is new ends with typed errors or failed nodes, and the next one completes it",
    () => inLab((lab) => tryAll(lab, 3)),
    { timeout: 600_000 }
  )

  it.effect("writes nothing to the store but through the disk that it was given", () =>
    inLab((lab) =>
      Effect.gen(function* () {
        lab.startStore()
        const counting = countingDisk(fastDisk)
        yield* lab.run(counting.disk)
        const written = new Set(
          counting.log.flatMap(({ operation, path }) => (writing.has(operation) ? [path] : []))
        )
        const files = readdirSync(lab.store, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
        assert.deepStrictEqual(
          files.filter((path) => !written.has(path)),
          []
        )
        // Records, blobs, journals and plans, checkpoints, code, memories: one of each at least.
        const places = new Set(files.map((path) => path.slice(lab.store.length + 1).split("/")[0]))
        assert.includeMembers(
          [...places],
          ["actions", "cas", "checkpoints", "code", "format.json", "memos", "plans", "runs"]
        )
      })
    )
  )

  it.effect("whose journal takes half a line loses that line, and none that is written later", () =>
    inLab((lab) =>
      Effect.gen(function* () {
        lab.startStore()
        const counting = countingDisk(fastDisk)
        yield* lab.run(counting.disk)
        const second =
          counting.log.flatMap(({ operation }, at) => (operation === "append" ? [at] : []))[1] ?? -1
        lab.startStore()
        const error = yield* Effect.flip(
          lab.run(failingOnce(second, { code: "ENOSPC", done: "half" }, fastDisk).disk)
        )
        assert.instanceOf(error, StoreFault)
        const [run = ""] = fastDisk.list(lab.layout.runs)
        const lines = readFileSync(join(lab.layout.runs, run, "journal.jsonl"), "utf8")
          .trim()
          .split("\n")
        const last = JSON.parse(lines.at(-1) ?? "")
        assert.strictEqual(last._tag, "RunFinished")
        assert.strictEqual(last.status, "failed")
      })
    )
  )
})
