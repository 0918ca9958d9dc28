/** Pipelines that no compiler has seen, built in a real worker. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Lab, vocabulary, workersLayer } from "../rig/lab.ts"

const stages = `${vocabulary}
import { Dataset } from "${new URL("../../src/artifact/index.ts", import.meta.url).pathname}"
const none = { title: "", columns: [], rows: [] }
const params = Schema.Struct({ a: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })) })
export const source = Stage.make("source", { inputs: {}, params, output: Table, *run() { return none } })
export const one = Stage.make("one", { inputs: { table: Table }, params, output: Table, *run() { return none } })
export const many = Stage.make("many", { inputs: { tables: Stage.list(Table) }, params, output: Table, *run() { return none } })
export const images = Stage.make("images", { inputs: { data: Dataset }, params, output: Table, *run() { return none } })
`

/** What becomes of a pipeline whose `build` has this body. */
const told = (body: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const lab = new Lab()
      lab.write("stages/all.ts", stages)
      lab.write(
        "pipelines/lab.js",
        `import { Schema } from "effect"
import { Pipeline, Stage } from "${new URL("../../src/stage/index.ts", import.meta.url).pathname}"
import { source, one, many, images } from "../stages/all.ts"
export default Pipeline.make("lab", {
  description: "", params: Schema.Struct({}), presets: { demo: {} }, defaultPreset: "demo", build: () => { const s = source({}, { a: 1 }); ${body} }
})`
      )
      return lab
    }),
    (lab) =>
      Effect.map(Effect.flip(lab.run()), (error) =>
        "failure" in error ? `${error.failure.message} | ${error.failure.hint}` : error.message
      ),
    (lab) => Effect.sync(() => lab.remove())
  )

layer(workersLayer, { excludeTestServices: true })("a pipeline that was never type-checked", (it) => {
  it.effect.each([
    [
      "an input that is missing",
      "return { n: one({}, { a: 1 }) }",
      "node `n`: input `table` is not connected | stage `one` takes `table` (Table)"
    ],
    [
      "an input that does not exist",
      "return { n: one({ table: s, tabel: s }, { a: 1 }) }",
      "node `n`: there is no input `tabel`"
    ],
    [
      "an input for a stage without any",
      "return { n: source({ s }, { a: 1 }) }",
      "there is no input `s` | stage `source` takes no inputs"
    ],
    [
      "an artifact of another kind",
      "return { n: images({ data: s }, { a: 1 }) }",
      "input `data` is a Dataset, and is given a Table"
    ],
    [
      "one where a list is wanted",
      "return { n: many({ tables: s }, { a: 1 }) }",
      "input `tables` is a list of Table, and is given a Table"
    ],
    [
      "a list where one is wanted",
      "return { n: one({ table: [s] }, { a: 1 }) }",
      "input `table` is a Table, and is given a list of Table"
    ],
    [
      "a list with something else in it",
      "return { n: many({ tables: [s, 3] }, { a: 1 }) }",
      "and is given a list of Table and number"
    ],
    ["a param out of range", "return { n: one({ table: s }, { a: 10 }) }", "node `n`: param `a`: "],
    ["a param of the wrong type", 'return { n: one({ table: s }, { a: "1" }) }', "node `n`: param `a`: "],
    [
      "a param that does not exist",
      "return { n: one({ table: s }, { a: 1, b: 2 }) }",
      "node `n`: param `b`: "
    ],
    ["a node that is no output", "return { n: 3 }", "`n` is not what a stage returned"],
    ["no nodes", "return {}", "it has no nodes"],
    [
      "two nodes of one name",
      'return { "a/b": s, a: { b: one({ table: s }, { a: 1 }) } }',
      "two nodes are called `a/b`"
    ],
    ["a name that is none", 'return { "a b": s }', 'a node cannot be called "a b"'],
    [
      "a stage that is not exported",
      'const local = Stage.make("local", { inputs: {}, params: Schema.Struct({}), output: {name: "Table"}, *run() {} }); return { n: local({}, {}) }',
      "stage `local` of node `n` is not exported by any module"
    ],
    ["a `build` that throws", 'throw new Error("no luck")', "no luck"]
  ] as const)("is refused for %s", ([, body, message]) =>
    Effect.gen(function* () {
      assert.include(yield* told(body), message)
    })
  )
})
