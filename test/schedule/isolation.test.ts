/** What a stage may not notice of other stages, of the machine, and of the bundler. */
import { writeFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Lab, type LabRun, vocabulary, workersLayer } from "../rig/lab.ts"

/** A project of stages with the given bodies, each a node of its own that returns `value`. */
const project = (bodies: { readonly [node: string]: string }, top = "", extra = "") =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const lab = new Lab()
      const stages = Object.entries(bodies).map(
        ([name, body]) => `export const ${name} = Stage.make("${name}", {
  inputs: {}, params: Schema.Struct({ a: Schema.Finite }), output: Table, ${extra}
  *run(_, { a }) { let value = a; ${body}; return { title: "t", columns: [{ name: "n", type: "text" }], rows: [[value]] } }
})`
      )
      lab.write("stages/all.ts", `${vocabulary}\n${top}\n${stages.join("\n")}\n`)
      const names = Object.keys(bodies)
      lab.write(
        "pipelines/lab.ts",
        `${vocabulary}
import { ${names.join(", ")} } from "../stages/all.ts"
export default Pipeline.make("lab", {
  description: "", params: Schema.Struct({}), presets: { demo: {} }, defaultPreset: "demo",
  build: () => ({ ${names.map((name) => `${name}: ${name}({}, { a: 1 })`).join(", ")} })
})
`
      )
      return lab
    }),
    (lab) => Effect.sync(() => lab.remove())
  )

const values = (lab: Lab, run: LabRun, ...names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => lab.value(run, name))

layer(workersLayer, { excludeTestServices: true, timeout: "2 minutes" })("a stage", (it) => {
  it.effect("runs as it was written: calls whose results nobody uses are made", () =>
    Effect.gen(function* () {
      const lab = yield* project(
        {
          assigns: "const o = { n: 1 }; Object.assign(o, { n: 5 }); value = o.n",
          defines: 'const o = {}; Object.defineProperty(o, "n", { value: 6 }); value = o.n',
          pushes: "Layer.push(7); value = Layer.all[0]",
          validates: 'try { Schema.decodeUnknownSync(Schema.Int)("x"); value = 0 } catch { value = 8 }',
          effects: "Effect.runSync(Effect.sync(() => { value = 9 }))"
        },
        "class Layer { static all: Array<number> = []; static push(n: number) { Layer.all.push(n) } }"
      )
      const run = yield* lab.run()
      assert.deepStrictEqual(
        yield* values(lab, run, "assigns", "defines", "pushes", "validates", "effects"),
        [5, 6, 7, 8, 9]
      )
    })
  )

  it.effect("finds its module as if nothing had run before", () =>
    Effect.gen(function* () {
      const body = "value = ++calls"
      const lab = yield* project({ one: body, two: body, three: body }, "let calls = 0")
      const run = yield* lab.run({ cores: 1 })
      assert.deepStrictEqual(yield* values(lab, run, "one", "two", "three"), [1, 1, 1])
      const again = yield* lab.run({ cores: 1, force: ["one", "two", "three"] })
      assert.deepStrictEqual(again.digests, run.digests)
    })
  )

  it.effect("sees one time zone and nothing of the environment", () =>
    Effect.gen(function* () {
      process.env["ISOLATION_TEST"] = "seen"
      process.env["TZ"] = "Asia/Tokyo"
      const lab = yield* project({ zone: "value = new Date(2020, 0, 1).toISOString()" })
      const run = yield* lab.run()
      delete process.env["TZ"]
      assert.strictEqual(yield* lab.value(run, "zone"), "2020-01-01T00:00:00.000Z")
    })
  )

  it.effect("reads its declared files relative to the project, wherever the command was given", () =>
    Effect.gen(function* () {
      const imports = 'import { readFileSync } from "node:fs"'
      const body = 'value = readFileSync("data.txt", "utf8")'
      const lab = yield* project({ reads: body }, imports, 'files: ["data.txt"],')
      lab.write("data.txt", "the project's")
      assert.strictEqual(yield* lab.value(yield* lab.run(), "reads"), "the project's")
    })
  )

  it.effect("is refused a result from a file that was changed and changed back while it ran", () =>
    Effect.gen(function* () {
      const imports = 'import { readFileSync } from "node:fs"'
      const body =
        'yield* Effect.sleep(300); value = readFileSync("data.txt", "utf8"); yield* Effect.sleep(300)'
      const lab = yield* project({ reads: body }, imports, 'files: ["data.txt"],')
      lab.write("data.txt", "good")
      const run = yield* lab.run({
        watch: (event) => {
          if (event._tag !== "NodeStarted") return
          setTimeout(() => lab.write("data.txt", "bad"), 100)
          setTimeout(() => lab.write("data.txt", "good"), 500)
        }
      })
      assert.strictEqual(run.view.nodes[0]?.failure?.tag, "InputEdited")
      assert.strictEqual(yield* lab.value(yield* lab.run(), "reads"), "good")
    })
  )

  it.effect("is never run from a bundle that was changed in the store", () =>
    Effect.gen(function* () {
      const lab = yield* project({ one: 'value = "good"' })
      const { readdirSync, readFileSync } = yield* Effect.promise(() => import("node:fs"))
      yield* lab.run()
      for (const name of readdirSync(lab.layout.code).filter((file) => file.endsWith(".mjs"))) {
        const path = `${lab.layout.code}/${name}`
        writeFileSync(path, readFileSync(path, "utf8").replace("good", "evil"))
      }
      const run = yield* lab.run({ force: ["one"] })
      assert.strictEqual(yield* lab.value(run, "one"), "good")
    })
  )

  it.effect("that is at the head of 10,000 others fails without taking the program along", () =>
    Effect.gen(function* () {
      const lab = yield* project({ fails: 'yield* Effect.fail({ _tag: "No", message: "no" })' })
      lab.write(
        "pipelines/lab.ts",
        `${vocabulary}
import { fails } from "../stages/all.ts"
import { follow } from "../stages/follow.ts"
export default Pipeline.make("lab", {
  description: "", params: Schema.Struct({}), presets: { demo: {} }, defaultPreset: "demo",
  build: () => {
    const nodes = [fails({}, { a: 1 })]
    for (let i = 0; i < 10_000; i++) nodes.push(follow({ table: nodes[i]! }, {}))
    return { nodes }
  }
})
`
      )
      lab.write(
        "stages/follow.ts",
        `${vocabulary}\nexport const follow = Stage.make("follow", { inputs: { table: Table }, params: Schema.Struct({}), output: Table, *run({ table }) { return table } })\n`
      )
      const run = yield* lab.run({ keepGoing: true })
      assert.strictEqual(run.view.counts["skipped"], 10_000)
      assert.strictEqual(run.view.status, "failed")
    })
  )
})
