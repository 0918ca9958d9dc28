/** Whatever happens to uploaders and to their calls, the server ends in the state that an undisturbed upload leaves. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { Event } from "../../../src/track/event.ts"
import { type Fault, type ModelRun, ModelServer } from "./model-server.ts"
import { chainStory, eventsOf, type RunStory, runId } from "./stories.ts"
import { isKilled, makeUploadLab, type UploadLab } from "./upload-lab.ts"

/** A fault now and then, at calls that fast-check chooses. */
const faults = fc
  .array(
    fc.tuple(
      fc.nat(12),
      fc.constantFrom<Fault>("request lost", "answer lost", "killed before", "killed after"),
      // Whether the cursors are lost as well.
      fc.boolean()
    ),
    { maxLength: 12 }
  )
  // Gaps between them, as call numbers.
  .map((gaps) => {
    let at = 0
    return new Map(
      gaps.map(([gap, fault, forgetting]) => {
        at += gap + 1
        return [at, { fault, forgetting }] as const
      })
    )
  })

const writeAll = (lab: UploadLab, stories: ReadonlyArray<RunStory>) =>
  Effect.forEach(stories, (story, index) => lab.write(runId(index), eventsOf(story, index), story.torn))

/** The server's state without what it chose itself. */
const stateOf = ({ runs }: ModelServer) => {
  const keyOf = (run: ModelRun) => run.tags.get("advpipe.run_key") ?? "none"
  const keys = new Map(runs.map((run) => [run.id, keyOf(run)]))
  const named = (text: string) => text.replace(/\brun\d+\b/g, (id) => keys.get(id) ?? id)
  return Object.fromEntries(
    runs.map(({ id: _id, tags, points, files, params, inputs, ...rest }) => [
      named(keys.get(_id) ?? ""),
      {
        ...rest,
        params: [...params].toSorted(),
        tags: [...tags].map(([key, value]) => [key, named(value)]).toSorted(),
        points: [...points].toSorted(),
        files: [...files].toSorted(),
        inputs: [...inputs].toSorted()
      }
    ])
  )
}

/** Points as the journal has them; the server keeps one of two that are the same in everything. */
const journalPoints = (events: ReadonlyArray<Event>): ReadonlySet<string> =>
  new Set(
    events.flatMap((event) => (event._tag === "Metric" ? [`${event.name} ${event.at} ${event.value}`] : []))
  )

describe("an upload", () => {
  it.effect(
    "that is killed and cut off again and again leaves what an undisturbed one leaves",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            chainStory,
            faults,
            fc.constantFrom(200, 900, 1 << 19),
            (stories, plan, windowBytes) =>
              Effect.gen(function* () {
                const last = runId(stories.length - 1)
                const calm = new ModelServer()
                const calmLab = yield* makeUploadLab
                yield* writeAll(calmLab, stories)
                const undisturbed = yield* calmLab.upload(last, calm.client())
                assert.isTrue(
                  Exit.isSuccess(undisturbed),
                  Exit.isFailure(undisturbed) ? Cause.pretty(undisturbed.cause) : ""
                )

                const model = new ModelServer()
                const lab = yield* makeUploadLab
                yield* writeAll(lab, stories)
                for (;;) {
                  const exit = yield* lab.upload(
                    last,
                    model.client((call) => plan.get(call)?.fault),
                    { windowBytes }
                  )
                  if (Exit.isSuccess(exit)) break
                  if (!isKilled(exit)) assert.fail(Cause.pretty(exit.cause))
                  if (plan.get(model.calls - 1)?.forgetting === true)
                    for (const index of stories.keys()) lab.forget(runId(index))
                }
                assert.deepStrictEqual(stateOf(model), stateOf(calm))
                assert.strictEqual(model.runs.length, calm.runs.length)

                const events = stories.flatMap(eventsOf)
                const sent = model.runs.flatMap(({ points }) =>
                  [...points].filter((point) => !point.startsWith("system/"))
                )
                const wanted = journalPoints(events)
                // Cached nodes show values that no metric event of these runs has.
                const found = new Set(sent.map((point) => point.replace(/ (\S+) \S+ (\S+)$/, " $1 $2")))
                for (const point of wanted) assert.isTrue(found.has(point), `${point} is missing`)
              }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise)
          ),
          { numRuns: 30 }
        )
      ),
    60_000
  )
})
