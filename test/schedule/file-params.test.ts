/** Files that params name: their contents are part of the key. */
import { mkdirSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Lab, type LabRun, vocabulary, workersLayer } from "../rig/lab.ts"

const stage = `${vocabulary}
import { readFileSync } from "node:fs"
export const reads = Stage.make("reads", {
  inputs: {}, params: Schema.Struct({ source: Schema.Struct({ file: Schema.NullOr(Schema.String) }) }), output: Table,
  fileParams: ["source.file"],
  *run(_, { source: { file } }) {
    const number = file === null ? 0 : Number(readFileSync(file, "utf8"))
    yield* Effect.sleep(200)
    return { title: "t", columns: [{ name: "n", type: "number" }], rows: [[number]] }
  }
})
`
const pipeline = `${vocabulary}
import { reads } from "../stages/reads.ts"
export default Pipeline.make("lab", {
  description: "", params: Schema.Struct({ a: Schema.NullOr(Schema.String), b: Schema.NullOr(Schema.String) }),
  presets: { demo: { a: "a.txt", b: "b.txt" } }, defaultPreset: "demo",
  build: ({ a, b }) => ({ a: reads({}, { source: { file: a } }), b: reads({}, { source: { file: b } }) })
})
`

const project = Effect.acquireRelease(
  Effect.sync(() => {
    const lab = new Lab()
    lab.write("stages/reads.ts", stage)
    lab.write("pipelines/lab.ts", pipeline)
    lab.write("a.txt", "1")
    lab.write("b.txt", "2")
    return lab
  }),
  (lab) => Effect.sync(() => lab.remove())
)

const failureOf = (run: LabRun, name: string) => run.view.nodes.find((node) => node.name === name)?.failure

layer(workersLayer, { excludeTestServices: true, timeout: "2 minutes" })(
  "a file that a param names",
  (it) => {
    it.effect("reaches the nodes that name it, and these alone", () =>
      Effect.gen(function* () {
        const lab = yield* project
        const first = yield* lab.run()
        assert.deepStrictEqual([yield* lab.value(first, "a"), yield* lab.value(first, "b")], [1, 2])
        assert.deepStrictEqual((yield* lab.run()).ran, [])

        lab.write("b.txt", "3")
        assert.deepStrictEqual(
          (yield* lab.forecast()).map(({ node, decision, reason }) => [node, decision, reason]),
          [
            ["a", "cached", ""],
            ["b", "run", "file b.txt"]
          ]
        )
        const second = yield* lab.run()
        assert.deepStrictEqual([second.ran, second.reasons["b"]], [["b"], "file b.txt"])
        assert.strictEqual(yield* lab.value(second, "b"), 3)
        lab.write("b.txt", "2")
        assert.deepStrictEqual((yield* lab.run()).ran, [])
      })
    )

    it.effect("may be absent, and may lie outside the project", () =>
      Effect.gen(function* () {
        const lab = yield* project
        const outside = yield* project
        outside.write("far.txt", "7")
        const run = yield* lab.run({
          sets: [
            ["a", "null"],
            ["b", outside.path("far.txt")]
          ]
        })
        assert.deepStrictEqual([yield* lab.value(run, "a"), yield* lab.value(run, "b")], [0, 7])
      })
    )

    it.effect("that cannot be read fails its node, with the param and where it was looked for", () =>
      Effect.gen(function* () {
        const lab = yield* project
        mkdirSync(lab.path("folder"))
        for (const [name, problem] of [
          ["nowhere.txt", "ENOENT"],
          ["folder", "no regular file"],
          ["/dev/zero", "no regular file"]
        ] as const) {
          const failure = failureOf(yield* lab.run({ sets: [["b", name]] }), "b")
          assert.deepStrictEqual(failure, {
            tag: "DeclaredFileMissing",
            message: `param \`source.file\` of stage \`reads\` names the file ${name}, which cannot be read (${problem})`,
            hint: `put the file at ${name.startsWith("/") ? name : lab.path(name)}, or set the param to the name of another one`
          })
        }
      })
    )

    it.effect("and that changes while it is read makes no result", () =>
      Effect.gen(function* () {
        const lab = yield* project
        yield* lab.run()
        lab.write("b.txt", "4")
        const run = yield* lab.run({
          watch: (event) => {
            if (event._tag === "NodeStarted" && event.node === "b") lab.write("b.txt", "5")
          }
        })
        assert.strictEqual(failureOf(run, "b")?.tag, "InputEdited")
        assert.strictEqual(yield* lab.value(yield* lab.run(), "b"), 5)
      })
    )
  }
)
