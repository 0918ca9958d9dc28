/** Uploaders and what gets in their way: a server that is away, cleaned up or particular, a disk that is full. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import type { DiskShape } from "../../../src/artifact/disk.ts"
import { type Cursor, cursorsOf } from "../../../src/track/upload/cursor.ts"
import type { Report } from "../../../src/track/upload/report.ts"
import type { UploadError } from "../../../src/track/upload/upload.ts"
import { realDisk, systemError } from "../../rig/faulty-disk.ts"
import { ModelServer } from "./model-server.ts"
import { eventsOf, type NodeStory, plan, type RunStory, runId } from "./stories.ts"
import { makeUploadLab, settings, type UploadLab } from "./upload-lab.ts"

const ran: NodeStory = {
  fate: "ran",
  changed: false,
  points: [
    { name: "loss", value: 2, step: null },
    { name: "loss", value: 1, step: null }
  ]
}
const story: RunStory = { nodes: [ran, ran, ran], end: "done", torn: "" }
const id = runId(0)
const events = eventsOf(story, 0)

const finished = Effect.gen(function* () {
  const lab = yield* makeUploadLab
  yield* lab.write(id, events)
  return lab
})

const cursorOf = ({ layout }: UploadLab): Cursor | undefined => cursorsOf(realDisk, layout, id)[0]

const complete = (exit: Exit.Exit<{ readonly complete: boolean }, UploadError>): boolean =>
  Exit.isSuccess(exit) && exit.value.complete

const failure = (exit: Exit.Exit<unknown, UploadError>): UploadError => {
  if (Exit.isSuccess(exit)) throw new Error("it did not fail")
  const reason = exit.cause.reasons.find((each) => each._tag === "Fail")
  if (reason === undefined) throw new Error("it was no failure")
  return reason.error
}

/** How many points a server should have: two of each node, a sample of the machine and of a node, and final values. */
const wholeCount = 3 * 2 + 3 + 2 + 3
const pointsOf = (model: ModelServer): number => model.runs.reduce((sum, { points }) => sum + points.size, 0)

const test = <E>(name: string, body: () => Effect.Effect<void, E, never>) =>
  it.live(name, () => Effect.provide(body(), TestClock.layer()))

describe("an uploader", () => {
  test("sends a run once, says where it is, and has nothing to do the second time", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        const reports: Array<Report> = []
        const exit = yield* lab.upload(id, model.client(), { report: (each) => reports.push(each) })
        assert.isTrue(complete(exit))
        assert.strictEqual(model.runs.length, 4)
        assert.strictEqual(pointsOf(model), wholeCount)
        const url = "http://model/#/experiments/1/runs/run0"
        assert.deepInclude(reports, { _tag: "Connected", run: id, url })
        assert.deepStrictEqual(reports.at(-1), { _tag: "Done", run: id, url })
        assert.deepInclude(cursorOf(lab), { complete: true, server: settings.address, wanted: plan.pipeline })

        const { calls } = model
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        // It asks whether the server still has the run, and no more.
        assert.isAtMost(model.calls - calls, 3)
      })
    ))

  test("goes on while the run goes on, and ends when it is over", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* makeUploadLab
        const model = new ModelServer()
        const journal = yield* lab.write(id, events.slice(0, 5))
        yield* lab.live(id)
        const over = Deferred.makeUnsafe<void>()
        const fiber = yield* Effect.forkChild(lab.upload(id, model.client(), { follow: { over } }))
        yield* Effect.yieldNow
        for (const event of events.slice(5)) {
          journal.append([event])
          yield* TestClock.adjust("400 millis")
        }
        yield* Deferred.succeed(over, undefined)
        assert.isTrue(complete(yield* Fiber.join(fiber)))
        assert.strictEqual(pointsOf(model), wholeCount)
      })
    ))

  test("gives up when a server stays away, remembers why, and forgets that once it got through", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        const reports: Array<Report> = []
        const away = yield* lab.upload(
          id,
          model.client(() => "request lost"),
          {
            report: (each) => reports.push(each)
          }
        )
        assert.strictEqual(failure(away)._tag, "MlflowUnreachable")
        assert.strictEqual(reports[0]?._tag, "Waiting")
        assert.include(cursorOf(lab)?.problem?.message, "connection was cut")
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        assert.isUndefined(cursorOf(lab)?.problem)
        assert.strictEqual(pointsOf(model), wholeCount)
      })
    ))

  test("sends everything although its cursor cannot be written, and says so once", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        const reports: Array<Report> = []
        const full: DiskShape = {
          ...realDisk,
          rename: (from, to) => {
            if (to.includes("/mlflow-")) throw systemError("ENOSPC", { operation: "rename", path: to })
            realDisk.rename(from, to)
          }
        }
        const report = (each: Report) => void reports.push(each)
        assert.isTrue(
          complete(yield* lab.upload(id, model.client(), { disk: full, windowBytes: 300, report }))
        )
        const warnings = reports.filter(({ _tag }) => _tag === "Warning").map((each) => JSON.stringify(each))
        assert.strictEqual(warnings.filter((each) => each.includes("no space left")).length, 1)
        assert.strictEqual(pointsOf(model), wholeCount)
        assert.isUndefined(cursorOf(lab))
        // The next one starts at the beginning, and doubles nothing.
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        assert.strictEqual(model.runs.length, 4)
        assert.strictEqual(pointsOf(model), wholeCount)
      })
    ))

  test("leaves a run in the trash there, with the cure, and goes on when it was taken out", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        const killed = yield* lab.upload(
          id,
          model.client((call) => (call === 12 ? "killed after" : undefined)),
          { windowBytes: 300 }
        )
        assert.isTrue(Exit.isFailure(killed))
        for (const run of model.runs) run.deleted = true
        const before = model.runs.length
        const refused = failure(yield* lab.upload(id, model.client()))
        assert.strictEqual(refused._tag, "MlflowDeleted")
        assert.include(refused.hint, "restore")
        assert.strictEqual(model.runs.length, before)
        for (const run of model.runs) run.deleted = false
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        assert.strictEqual(model.runs.length, 4)
        assert.strictEqual(pointsOf(model), wholeCount)
      })
    ))

  test("takes a node's run out of the trash when there is more of it, says so once, and makes no second one", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* makeUploadLab
        const model = new ModelServer()
        // The first node has begun.
        const begun = events.findIndex((event) => event._tag === "Metric") + 1
        const journal = yield* lab.write(id, events.slice(0, begun))
        yield* lab.live(id)
        const reports: Array<Report> = []
        const report = (each: Report) => void reports.push(each)
        const over = Deferred.makeUnsafe<void>()
        const trash = () => {
          for (const run of model.runs) if (run.name === "data") run.deleted = true
        }
        const fiber = yield* Effect.forkChild(lab.upload(id, model.client(), { follow: { over }, report }))
        while (cursorOf(lab) === undefined) yield* TestClock.adjust("1 second")
        // While it is written to, and between two uploaders.
        trash()
        journal.append(events.slice(begun, begun + 1))
        while (reports.every(({ _tag }) => _tag !== "Warning")) yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        trash()
        journal.append(events.slice(begun + 1))
        yield* lab.upload(id, model.client(), { report })
        assert.strictEqual(model.runs.length, 4)
        assert.isTrue(model.runs.every((run) => !run.deleted && run.status === "FINISHED"))
        assert.strictEqual(pointsOf(model), wholeCount)
        const warnings = reports.filter((each) =>
          /node `data` was in MLflow's trash/.test(JSON.stringify(each))
        )
        assert.strictEqual(warnings.length, 2)
      })
    ))

  test("makes nothing anew beside what is in the trash, although its cursor is lost", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        for (const run of model.runs) if (run.name === "data") run.deleted = true
        lab.forget(id)
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        assert.strictEqual(model.runs.length, 4)
        for (const run of model.runs) if (run.name !== "data") run.deleted = true
        lab.forget(id)
        assert.strictEqual(failure(yield* lab.upload(id, model.client()))._tag, "MlflowDeleted")
      })
    ))

  test("sends everything again to a server that lost it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        model.runs = []
        assert.isTrue(complete(yield* lab.upload(id, model.client())))
        assert.strictEqual(model.runs.length, 4)
        assert.strictEqual(pointsOf(model), wholeCount)
      })
    ))

  test("leaves out what the server refuses, keeps that in mind, and sends the rest", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* makeUploadLab
        const model = new ModelServer()
        yield* lab.write(id, events.slice(0, 4))
        yield* lab.upload(id, model.client())
        // Somebody logged a param of the name that the next node has.
        const client = model.client()
        const stubborn = {
          ...client,
          createRun: (run: Parameters<typeof client.createRun>[0]) =>
            Effect.tap(client.createRun(run), ({ id }) =>
              run.name === "train" ? client.log(id, { params: { name: "mine" } }) : Effect.void
            )
        }
        const other = yield* finished
        assert.isTrue(complete(yield* other.upload(id, stubborn)))
        assert.include(cursorOf(other)?.refused.join(), "param name has another value")
      })
    ))

  test("does not wait for a run that another one follows, nor for one that took it up", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* makeUploadLab
        const model = new ModelServer()
        yield* lab.write(id, events.slice(0, 6))
        const next = runId(1)
        const journal = yield* lab.write(next, eventsOf(story, 1).slice(0, -1))
        yield* lab.live(next)
        const over = Deferred.makeUnsafe<void>()
        const first = yield* Effect.forkChild(lab.upload(next, model.client(), { follow: { over } }))
        while (cursorsOf(realDisk, lab.layout, next).length === 0) yield* TestClock.adjust("1 second")
        const url = "http://model/#/experiments/1/runs/run0"
        const ask = (asked: string) =>
          Effect.map(lab.upload(asked, model.client()), (exit) => Option.getOrThrow(Exit.getSuccess(exit)))
        assert.deepInclude(yield* ask(next), { run: next, complete: false, live: "followed", url })
        // The other one has sent it before its own.
        assert.deepInclude(yield* ask(id), { run: id, complete: true, url })
        journal.append(eventsOf(story, 1).slice(-1))
        yield* Deferred.succeed(over, undefined)
        assert.isTrue(complete(yield* Fiber.join(first)))
      })
    ))

  test("sends what there is of a run that nobody follows, although it writes faster than that", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* makeUploadLab
        const model = new ModelServer()
        const journal = yield* lab.write(id, events.slice(0, 6))
        yield* lab.live(id)
        let at = 1_800_000_000_000
        const busy = model.client(() => {
          journal.append([{ _tag: "Metric", at: at++, node: "data", name: "loss", value: 1 }])
          return undefined
        })
        const exit = yield* lab.upload(id, busy)
        assert.deepInclude(Exit.getSuccess(exit).pipe(Option.getOrThrow), { complete: false, live: "sent" })
        assert.isAtLeast(pointsOf(model), 2)
      })
    ))

  test("waits for another one on the same run when it is over", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* finished
        const model = new ModelServer()
        const gate = Deferred.makeUnsafe<void>()
        const slow = model.client()
        const first = yield* Effect.forkChild(
          lab.upload(id, { ...slow, server: Effect.andThen(Deferred.await(gate), slow.server) })
        )
        const reports: Array<Report> = []
        const second = yield* Effect.forkChild(
          lab.upload(id, model.client(), { report: (each) => reports.push(each) })
        )
        while (reports.length === 0) yield* TestClock.adjust("1 second")
        assert.include(JSON.stringify(reports[0]), "sent already")
        yield* Deferred.succeed(gate, undefined)
        assert.isTrue(complete(yield* Fiber.join(first)))
        assert.isTrue(complete(yield* Fiber.join(second)))
        assert.strictEqual(model.runs.length, 4)
      })
    ))
})
