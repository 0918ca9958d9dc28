/** Uploaders and what gets in their way: a server that is away, cleaned up or particular, a disk that is full. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
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

  test("waits for another one on the same run", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lab = yield* makeUploadLab
        const model = new ModelServer()
        const journal = yield* lab.write(id, events.slice(0, -1))
        yield* lab.live(id)
        const over = Deferred.makeUnsafe<void>()
        const reports: Array<Report> = []
        const first = yield* Effect.forkChild(lab.upload(id, model.client(), { follow: { over } }))
        yield* Effect.yieldNow
        const second = yield* Effect.forkChild(
          lab.upload(id, model.client(), { report: (each) => reports.push(each) })
        )
        yield* TestClock.adjust("2 seconds")
        journal.append(events.slice(-1))
        yield* Deferred.succeed(over, undefined)
        assert.isTrue(complete(yield* Fiber.join(first)))
        assert.isTrue(complete(yield* Fiber.join(second)))
        assert.include(JSON.stringify(reports[0]), "sent already")
        assert.strictEqual(model.runs.length, 4)
      })
    ))
})
