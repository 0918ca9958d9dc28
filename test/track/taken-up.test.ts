/** Which run a new one takes up. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Leases } from "../../src/artifact/leases.ts"
import { RunStore, runLeaseKey } from "../../src/track/run-store.ts"
import { runToContinue } from "../../src/track/taken-up.ts"
import { storeAt } from "../rig/scratch-store.ts"
import { eventsOf, plan, type RunStory, runId } from "./upload/stories.ts"
import { makeUploadLab } from "./upload/upload-lab.ts"

const story = (end: RunStory["end"]): RunStory => ({ nodes: [], end, torn: "" })
const wanted = { pipeline: plan.pipeline, preset: plan.preset, params: plan.params }

/** Journals of runs that ended so, each taking up the one before, and what a new run would take up. */
const after = (...ends: ReadonlyArray<RunStory["end"]>) =>
  Effect.gen(function* () {
    const lab = yield* makeUploadLab
    for (const [index, end] of ends.entries())
      yield* lab.write(runId(index), eventsOf(story(end), index), end === "killed" ? '{"_tag":"Met' : "")
    return lab
  })

const found = (ends: ReadonlyArray<RunStory["end"]>, looking = wanted) =>
  Effect.flatMap(after(...ends), ({ layout }) =>
    Effect.provide(runToContinue(looking), storeAt(layout))
  ).pipe(Effect.scoped)

describe("a new run", () => {
  it.effect("takes up one that failed, was interrupted or was killed, and knows the first of them all", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* found(["failed"]), { run: "run-0", first: "run-0" })
      assert.deepStrictEqual(yield* found(["failed", "interrupted"]), { run: "run-1", first: "run-0" })
      assert.deepStrictEqual(yield* found(["interrupted", "killed"]), { run: "run-1", first: "run-0" })
    })
  )

  it.effect("takes up none that came to its end, and none with other params", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* found([]))
      assert.isUndefined(yield* found(["failed", "done"]))
      assert.isUndefined(yield* found(["failed"], { ...wanted, params: { seed: 2 } }))
      assert.isUndefined(yield* found(["failed"], { ...wanted, preset: "other" }))
    })
  )

  it.effect("takes up none that is alive", () =>
    Effect.gen(function* () {
      const { layout } = yield* after("killed")
      const result = yield* Effect.gen(function* () {
        yield* (yield* Leases).acquire(runLeaseKey("run-0"), "run run-0")
        yield* (yield* RunStore).ids
        return yield* runToContinue(wanted)
      }).pipe(Effect.scoped, Effect.provide(storeAt(layout)))
      assert.isUndefined(result)
    }).pipe(Effect.scoped)
  )
})
