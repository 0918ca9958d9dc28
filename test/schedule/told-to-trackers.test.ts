/** What a run records for those who look at it later: which run it takes up, and which commit computed it. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Actions } from "../../src/artifact/actions.ts"
import type { Event } from "../../src/track/event.ts"
import { Lab, vocabulary, workersLayer } from "../rig/lab.ts"

const pipeline = (fails: boolean) => `${vocabulary}
const table = { title: "t", columns: [{ name: "x", type: "number" as const }], rows: [[1]] }
export const one = Stage.make("one", { inputs: {}, params: Schema.Struct({}), output: Table, *run() {
  yield* Effect.sleep(50)
  return table
} })
export const two = Stage.make("two", { inputs: { one: Table }, params: Schema.Struct({}), output: Table, *run() {
  if (${fails}) return yield* Effect.fail(new Error("not yet"))
  return table
} })
export default Pipeline.make("lab", {
  description: "", params: Schema.Struct({}), presets: { demo: {} }, defaultPreset: "demo",
  build: () => { const a = one({}, {}); return { a, b: two({ one: a }, {}) } }
})
`

const startOf = (events: ReadonlyArray<Event>) => {
  const started = events.find((event) => event._tag === "RunStarted")
  if (started?._tag !== "RunStarted") throw new Error("it did not start")
  return started
}

layer(workersLayer, { excludeTestServices: true })("a run's journal", (it) => {
  it.effect("names the run that it takes up, and the first of them, until one came to its end", () =>
    Effect.gen(function* () {
      const lab = new Lab()
      yield* Effect.addFinalizer(() => Effect.sync(() => lab.remove()))
      lab.write("pipelines/lab.ts", pipeline(true))
      const first = startOf((yield* lab.run()).events)
      const second = startOf((yield* lab.run()).events)
      lab.write("pipelines/lab.ts", pipeline(false))
      const third = startOf((yield* lab.run()).events)
      const fourth = startOf((yield* lab.run()).events)
      assert.isUndefined(first.continues)
      assert.deepStrictEqual(second.continues, { run: first.id, first: first.id })
      assert.deepStrictEqual(third.continues, { run: second.id, first: first.id })
      assert.isUndefined(fourth.continues)
    }).pipe(Effect.scoped)
  )

  it.effect("has the commit once something is computed, and so has the action record", () =>
    Effect.gen(function* () {
      const lab = new Lab()
      yield* Effect.addFinalizer(() => Effect.sync(() => lab.remove()))
      lab.write("pipelines/lab.ts", pipeline(false))
      const revision = { commit: "c0ffee", branch: "main", dirty: true }
      let asked = 0
      const look = Effect.sync(() => {
        asked++
        return revision
      })
      const { events, view } = yield* lab.run({ revision: look })
      const told = events.filter((event) => event._tag === "Revision")
      assert.deepInclude(told[0], revision)
      const key = view.nodes.find(({ name }) => name === "b")?.key
      const record = yield* Effect.gen(function* () {
        return key === undefined ? undefined : yield* (yield* Actions).lookup(key)
      }).pipe(Effect.provide(lab.services()))
      assert.deepNestedInclude(record, { "record.provenance.revision": revision })
      yield* lab.run({ revision: look })
      assert.strictEqual(asked, 1)
    }).pipe(Effect.scoped)
  )
})
