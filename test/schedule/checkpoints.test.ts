/** A stage that was cut short goes on from its checkpoint, and ends with the bytes of one that was not. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Actions } from "../../src/artifact/actions.ts"
import { isDigest } from "../../src/artifact/digest.ts"
import type { Event } from "../../src/track/event.ts"
import { countingPipeline, countingStage, rest } from "../rig/counting-stage.ts"
import { Lab, type LabRun, workersLayer } from "../rig/lab.ts"

const project = (stage = countingStage()) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const lab = new Lab()
      lab.write("stages/counting.ts", stage)
      lab.write("pipelines/lab.ts", countingPipeline("lab"))
      return lab
    }),
    (lab) => Effect.sync(() => lab.remove())
  )

/** The steps that a run took, in order. */
const steps = (run: LabRun): ReadonlyArray<number> =>
  run.events.flatMap((event) => {
    const step = event._tag === "Log" ? /^step (\d+)$/.exec(event.message)?.[1] : undefined
    return step === undefined ? [] : [Number(step)]
  })

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Kills the worker, as the system does it for want of memory, when it rests. */
const killAtRest = () => {
  const workers: Array<number> = []
  let killed = false
  return (event: Event) => {
    if (event._tag === "NodeStarted") workers.push(event.pid)
    if (killed || event._tag !== "Log" || event.message !== `step ${rest}`) return
    killed = true
    for (const worker of workers) process.kill(worker, "SIGKILL")
  }
}

/** The checkpoints in a store, by position. */
const checkpoints = (lab: Lab): ReadonlyArray<{ readonly position: number; readonly path: string }> =>
  readdirSync(lab.layout.root).includes("checkpoints")
    ? readdirSync(lab.layout.checkpointRoot)
        .filter(isDigest)
        .flatMap((family) => {
          const directory = lab.layout.checkpoints(family)
          return readdirSync(directory).map((name) => ({
            position: Number(name.split(".")[1]),
            path: `${directory}/${name}`
          }))
        })
        .sort((a, b) => b.position - a.position)
    : []
const positions = (lab: Lab) => checkpoints(lab).map(({ position }) => position)

/** What so many steps come to, worked out here, and stored by nobody's checkpoints. */
const result = (count: number): number =>
  range(0, count - 1).reduce((value, step) => Math.sin(value * 1000 + step), 1)

const cutShort = Effect.fnUntraced(function* (lab: Lab) {
  const run = yield* lab.run({ watch: killAtRest() })
  assert.strictEqual(run.view.nodes[0]?.failure?.tag, "WorkerDied")
  return run
})

layer(workersLayer, { excludeTestServices: true, timeout: "2 minutes" })("a stage with checkpoints", (it) => {
  it.effect(
    "goes on where its worker was killed, redoes at most what came after, and makes the bytes that it makes in one go",
    () =>
      Effect.gen(function* () {
        const lab = yield* project()
        yield* cutShort(lab)
        assert.deepStrictEqual(positions(lab), [10, 5])
        const again = yield* lab.run()
        assert.deepStrictEqual(steps(again), range(11, 23))
        assert.strictEqual(yield* lab.value(again, "count"), result(23))
        // All but the one that a longer count goes on from have done their service.
        assert.deepStrictEqual(positions(lab), [20])
        const undisturbed = yield* lab.run({ force: ["count"] })
        assert.deepStrictEqual(steps(undisturbed), range(1, 23))
        assert.strictEqual(again.digests["count"], undisturbed.digests["count"])
      })
  )

  it.effect("goes on within one run where it may be tried again", () =>
    Effect.gen(function* () {
      const lab = yield* project(countingStage("retries: 1,"))
      const run = yield* lab.run({ watch: killAtRest() })
      assert.deepStrictEqual(run.ran, ["count"])
      assert.deepStrictEqual(steps(run).slice(steps(run).indexOf(rest) + 1), range(11, 23))
      assert.strictEqual(yield* lab.value(run, "count"), result(23))
      assert.deepStrictEqual(positions(lab), [], "nothing goes on from it")
    })
  )

  it.effect("passes over a damaged checkpoint, says so, and takes the one before", () =>
    Effect.gen(function* () {
      const lab = yield* project()
      yield* cutShort(lab)
      const [newest] = checkpoints(lab)
      truncateSync(newest?.path ?? "", 60)
      const again = yield* lab.run()
      assert.deepStrictEqual(steps(again), range(6, 23))
      assert.strictEqual(yield* lab.value(again, "count"), result(23))
      const said = again.events.flatMap((event) =>
        event._tag === "Log" && event.level === "warning" ? [event.message] : []
      )
      assert.lengthOf(said, 1)
      assert.match(said[0] ?? "", /^checkpoint .*\.10\..* digest of its name; passed over$/)
    })
  )

  it.effect("starts anew when both are damaged, or are another computation's", () =>
    Effect.gen(function* () {
      const lab = yield* project()
      yield* cutShort(lab)
      for (const { path } of checkpoints(lab)) writeFileSync(path, readFileSync(path).fill(0))
      assert.deepStrictEqual(steps(yield* cutShort(lab)).slice(0, 5), range(1, 5))

      // A good checkpoint under a param, or code, that differs.
      assert.deepStrictEqual(steps(yield* lab.run({ sets: [["seed", "2"]] })), range(1, 23))
      lab.write("stages/counting.ts", countingStage().replace("* 1000", "* 1001"))
      assert.deepStrictEqual(steps(yield* lab.run()), range(1, 23))
    })
  )

  it.effect("goes on from the shorter count's end when only what it continues grows", () =>
    Effect.gen(function* () {
      const lab = yield* project()
      yield* lab.run({ sets: [["steps", "20"]] })
      assert.deepStrictEqual(positions(lab), [20])
      const more = { sets: [["steps", "32"]] } as const
      const longer = yield* lab.run(more)
      assert.deepStrictEqual(steps(longer), range(21, 32))
      assert.strictEqual(yield* lab.value(longer, "count"), result(32))
      assert.deepStrictEqual(positions(lab), [30, 20])

      // And fewer again: what is further than that does not fit.
      const fewer = { sets: [["steps", "27"]] } as const
      const shorter = yield* lab.run(fewer)
      assert.deepStrictEqual(steps(shorter), range(21, 27))
      assert.strictEqual(yield* lab.value(shorter, "count"), result(27))
    })
  )

  it.effect("takes its result up again quickly when that was lost", () =>
    Effect.gen(function* () {
      const lab = yield* project()
      const first = yield* lab.run()
      const key = first.view.nodes[0]?.key
      assert.isTrue(isDigest(key))
      if (isDigest(key))
        yield* Effect.flatMap(Actions, (actions) => actions.remove(key)).pipe(Effect.provide(lab.services()))
      const again = yield* lab.run()
      assert.deepStrictEqual(steps(again), range(21, 23))
      assert.strictEqual(again.digests["count"], first.digests["count"])
    })
  )

  it.effect("that names a param it does not have is refused before anything runs", () =>
    Effect.gen(function* () {
      const lab = yield* project(countingStage('checkpoint: { continues: ["steps", "options.epochs"] },'))
      const error = yield* Effect.flip(lab.run())
      assert.match(
        error.message,
        /continues checkpoints with other `options.epochs`, which node `count` does not have/
      )
    })
  )
})
