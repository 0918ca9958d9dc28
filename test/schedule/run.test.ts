/** Runs of small projects with real files and real workers, told as stories. */
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Event } from "../../src/track/event.ts"
import { Lab, type LabRun, vocabulary, workersLayer } from "../rig/lab.ts"

/** A stage that adds its param, a constant and its inputs. `extra` goes into its definition; `body` may change `total`. */
const adder = (
  name: string,
  { constant = 0, imports = "", extra = "", body = "" } = {}
) => `${vocabulary}${imports}
export const ${name} = Stage.make("${name}", {
  inputs: { all: Stage.list(Table) }, params: Schema.Struct({ a: Schema.Finite }), output: Table, ${extra}
  *run({ all }, { a }) {
    let total = all.reduce((sum, table) => sum + Number(table.rows[0]?.[0]), a + ${constant})
    ${body}
    return { title: "t", columns: [{ name: "n", type: "number" }], rows: [[total]] }
  }
})
`

const pipeline = (
  imports: string,
  build: string,
  params = "Schema.Struct({ a: Schema.Finite })",
  preset = "{ a: 1 }"
) => `${vocabulary}
${imports}
export default Pipeline.make("lab", {
  description: "", params: ${params}, presets: { demo: ${preset} }, defaultPreset: "demo",
  build: ({ a }) => { ${build} }
})
`

/** A project with one stage per name, a chain a → b → c, and whatever files are given instead. */
const chain = (files: { readonly [path: string]: string } = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const lab = new Lab()
      for (const name of ["a", "b", "c"]) lab.write(`stages/${name}.ts`, adder(name))
      const imports = ["a", "b", "c"]
        .map((name) => `import { ${name} as stage_${name} } from "../stages/${name}.ts"`)
        .join("\n")
      const build = `
        const first = stage_a({ all: [] }, { a })
        const second = stage_b({ all: [first] }, { a: 10 })
        return { first, second, third: stage_c({ all: [second] }, { a: 100 }) }`
      lab.write("pipelines/lab.ts", pipeline(imports, build))
      for (const [path, text] of Object.entries(files)) lab.write(path, text)
      return lab
    }),
    (lab) => Effect.sync(() => lab.remove())
  )

const stateOf = (run: LabRun, name: string) => run.view.nodes.find((node) => node.name === name)?.state
const failureOf = (run: LabRun, name: string) => run.view.nodes.find((node) => node.name === name)?.failure

layer(workersLayer, { excludeTestServices: true, timeout: "2 minutes" })("a run", (it) => {
  it.effect("stops where a stage makes the same bytes as before (early cutoff)", () =>
    Effect.gen(function* () {
      const lab = yield* chain({ "stages/b.ts": adder("b", { body: "total = 7" }) })
      assert.deepStrictEqual((yield* lab.run()).ran, ["first", "second", "third"])

      // `second` runs again because `first` differs, makes the same bytes, and `third` stays cached.
      const run = yield* lab.run({ sets: [["a", "2"]] })
      assert.deepStrictEqual(run.ran, ["first", "second"])
      assert.strictEqual(stateOf(run, "third"), "cached")
      assert.isTrue(run.view.nodes.find(({ name }) => name === "second")?.unchanged)
    })
  )

  it.effect(
    "uses the code it began with, though files are edited meanwhile, and files it under that code's key",
    () =>
      Effect.gen(function* () {
        const slow = (constant: number) => adder("b", { constant, body: "yield* Effect.sleep(400)" })
        const lab = yield* chain({ "stages/b.ts": slow(1000) })
        const edit = (event: { readonly _tag: string; readonly node?: string }) => {
          if (event._tag === "NodeStarted" && event.node === "second") lab.write("stages/b.ts", slow(2000))
        }
        const first = yield* lab.run({ watch: edit })
        assert.strictEqual(yield* lab.value(first, "second"), 1011)

        const second = yield* lab.run()
        assert.deepStrictEqual(second.ran, ["second", "third"])
        assert.strictEqual(yield* lab.value(second, "second"), 2011)

        // The old code's result is still filed under the old code.
        lab.write("stages/b.ts", slow(1000))
        const back = yield* lab.run()
        assert.deepStrictEqual(back.ran, [])
        assert.strictEqual(yield* lab.value(back, "second"), 1011)
      })
  )

  const reader = (path: string, declared = "data/number.txt") =>
    adder("b", {
      imports: 'import { readFileSync } from "node:fs"',
      extra: `files: [${JSON.stringify(declared)}],`,
      body: `total += Number(readFileSync(${JSON.stringify(path)}, "utf8")); yield* Effect.sleep(300)`
    })
  const withReader = Effect.gen(function* () {
    const lab = yield* chain()
    lab.write("stages/b.ts", reader(lab.path("data/number.txt")))
    lab.write("data/number.txt", "5")
    return lab
  })

  it.effect("notices a declared file, and names it as the reason", () =>
    Effect.gen(function* () {
      const lab = yield* withReader
      assert.strictEqual(yield* lab.value(yield* lab.run(), "second"), 16)
      assert.deepStrictEqual((yield* lab.run()).ran, [])
      lab.write("data/number.txt", "6")
      const run = yield* lab.run()
      assert.deepStrictEqual(run.ran, ["second", "third"])
      assert.strictEqual(run.reasons["second"], "file data/number.txt")
    })
  )

  it.effect("throws a result away whose declared file was edited while the stage ran", () =>
    Effect.gen(function* () {
      const lab = yield* withReader
      const edit = (event: { readonly _tag: string; readonly node?: string }) => {
        if (event._tag === "NodeStarted" && event.node === "second")
          setTimeout(() => lab.write("data/number.txt", "7"), 150)
      }
      const spoiled = yield* lab.run({ watch: edit })
      assert.strictEqual(failureOf(spoiled, "second")?.tag, "InputEdited")
      assert.include(
        failureOf(spoiled, "second")?.message,
        "data/number.txt changed while stage `b` was reading it"
      )
      assert.strictEqual(yield* lab.value(yield* lab.run(), "second"), 18)
    })
  )

  it.effect("fails a node whose declared file is missing, and no other", () =>
    Effect.gen(function* () {
      const lab = yield* chain({ "stages/b.ts": reader("x", "data/absent.txt") })
      const run = yield* lab.run()
      assert.deepStrictEqual(run.ran, ["first"])
      assert.include(
        failureOf(run, "second")?.message,
        "stage `b` declares the file data/absent.txt, which cannot be read (ENOENT)"
      )
    })
  )

  it.effect("shows a stage the environment it declares, and nothing else of it", () =>
    Effect.gen(function* () {
      const text = adder("b", {
        imports: 'import { Config } from "effect"',
        extra: 'environment: ["SHOWN"],',
        body: `for (const name of ["SHOWN", "HIDDEN"]) {
          total += yield* Config.Number(name).pipe(Config.withDefault(0), Effect.orDie)
        }`
      })
      const lab = yield* chain({ "stages/b.ts": text })
      const environment = { SHOWN: "3", HIDDEN: "50" }
      assert.strictEqual(yield* lab.value(yield* lab.run({ environment }), "second"), 14)
      assert.deepStrictEqual((yield* lab.run({ environment: { ...environment, HIDDEN: "60" } })).ran, [])
      const run = yield* lab.run({ environment: { ...environment, SHOWN: "4" } })
      assert.strictEqual(run.reasons["second"], "environment SHOWN 3 → 4")
    })
  )

  it.effect("tries a stage again as often as it says, and counts the attempts", () =>
    Effect.gen(function* () {
      const failing = 'yield* Effect.fail({ _tag: "Flaky", message: "flaky as ever" })'
      const lab = yield* chain({ "stages/b.ts": adder("b", { extra: "retries: 2,", body: failing }) })
      const run = yield* lab.run()
      assert.strictEqual(
        run.events.filter((event) => event._tag === "NodeStarted" && event.node === "second").length,
        3
      )
      assert.strictEqual(stateOf(run, "second"), "failed")
      assert.strictEqual(failureOf(run, "second")?.message, "flaky as ever")
      assert.strictEqual(stateOf(run, "third"), "skipped")
    })
  )

  it.effect("ends a stage that takes longer than its timeout, and names the limit", () =>
    Effect.gen(function* () {
      const lab = yield* chain({
        "stages/b.ts": adder("b", { extra: 'timeout: "200 millis",', body: "yield* Effect.sleep(60_000)" })
      })
      const run = yield* lab.run()
      assert.strictEqual(failureOf(run, "second")?.tag, "StageTimedOut")
      assert.include(failureOf(run, "second")?.message, "timeout of 0.2 s")
    })
  )

  it.effect("computes a key once though two of its nodes have it", () =>
    Effect.gen(function* () {
      const lab = yield* chain({ "stages/a.ts": adder("a", { body: "yield* Effect.sleep(200)" }) })
      const build =
        "const twins = [1, 2, 3].map(() => stage_a({ all: [] }, { a })); return { twins, sum: stage_b({ all: twins }, { a }) }"
      lab.write(
        "pipelines/lab.ts",
        pipeline(
          'import { a as stage_a } from "../stages/a.ts"\nimport { b as stage_b } from "../stages/b.ts"',
          build
        )
      )
      const run = yield* lab.run({ cores: 3 })
      assert.lengthOf(run.ran, 2)
      assert.strictEqual(new Set(["twins/0", "twins/1", "twins/2"].map((name) => run.digests[name])).size, 1)
      assert.strictEqual(yield* lab.value(run, "sum"), 4)
    })
  )

  it.effect("never has more stages at work than cores, and a stage that asks for two runs alone", () =>
    Effect.gen(function* () {
      const lab = yield* chain({
        "stages/a.ts": adder("a", { body: "yield* Effect.sleep(50)" }),
        "stages/b.ts": adder("b", { extra: "cores: 2,", body: "yield* Effect.sleep(50)" })
      })
      const build =
        "return { small: [1, 2, 3, 4, 5].map((n) => stage_a({ all: [] }, { a: n })), large: [6, 7].map((n) => stage_b({ all: [] }, { a: n })) }"
      lab.write(
        "pipelines/lab.ts",
        pipeline(
          'import { a as stage_a } from "../stages/a.ts"\nimport { b as stage_b } from "../stages/b.ts"',
          build
        )
      )
      const running = new Set<string>()
      let most = 0
      let together = false
      yield* lab.run({
        cores: 2,
        watch: (event) => {
          if (event._tag === "NodeStarted") running.add(event.node)
          if (event._tag === "NodeFinished") running.delete(event.node)
          most = Math.max(most, running.size)
          together ||= running.size > 1 && [...running].some((name) => name.startsWith("large"))
        }
      })
      assert.strictEqual(most, 2)
      assert.isFalse(together)
    })
  )

  it.effect("goes on with what does not depend on a failure when told to, and else starts nothing new", () =>
    Effect.gen(function* () {
      const lab = yield* chain({
        "stages/a.ts": adder("a", {
          body: 'if (a === 13) yield* Effect.fail({ _tag: "Thirteen", message: "thirteen" })'
        })
      })
      const build = `
        const bad = stage_a({ all: [] }, { a: 13 })
        const good = stage_a({ all: [] }, { a })
        return { bad, below: stage_b({ all: [bad] }, { a }), good, further: stage_b({ all: [good] }, { a }) }`
      lab.write(
        "pipelines/lab.ts",
        pipeline(
          'import { a as stage_a } from "../stages/a.ts"\nimport { b as stage_b } from "../stages/b.ts"',
          build
        )
      )
      const stopped = yield* lab.run({ cores: 1 })
      assert.deepStrictEqual(
        ["bad", "below", "good", "further"].map((name) => stateOf(stopped, name)),
        ["failed", "skipped", "skipped", "skipped"]
      )
      assert.strictEqual(stopped.view.status, "failed")

      const kept = yield* lab.run({ cores: 1, keepGoing: true })
      assert.deepStrictEqual(
        ["bad", "below", "good", "further"].map((name) => stateOf(kept, name)),
        ["failed", "skipped", "ran", "ran"]
      )
      assert.strictEqual(kept.reasons["below"], "`bad` failed")
    })
  )

  it.effect("that is interrupted says so of what ran and what did not, and the next one goes on", () =>
    Effect.gen(function* () {
      const lab = yield* chain({
        "stages/b.ts": adder("b", { body: "yield* Effect.sleep(a === 10 ? 1500 : 0)" })
      })
      const events: Array<Event> = []
      const fiber = yield* Effect.forkChild(lab.run({ watch: (event) => void events.push(event) }))
      const started = () => events.some((event) => event._tag === "NodeStarted" && event.node === "second")
      while (!started()) yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(fiber)
      const told = events.flatMap((event) => ("node" in event ? [`${event._tag} ${event.node}`] : []))
      assert.includeMembers(told, ["NodeFinished first", "NodeInterrupted second", "NodeSkipped third"])
      const end = events.at(-1)
      assert.strictEqual(end?._tag === "RunFinished" ? end.status : end?._tag, "interrupted")

      const next = yield* lab.run()
      assert.deepStrictEqual(next.ran, ["second", "third"])
    })
  )

  it.effect("forgets no failed stage's neighbours: a run after a failure finds what was finished", () =>
    Effect.gen(function* () {
      const lab = yield* chain({
        "stages/c.ts": adder("c", { body: 'yield* Effect.fail({ _tag: "No", message: "no" })' })
      })
      assert.deepStrictEqual((yield* lab.run()).ran, ["first", "second"])
      lab.write("stages/c.ts", adder("c"))
      assert.deepStrictEqual((yield* lab.run()).ran, ["third"])
    })
  )
})
