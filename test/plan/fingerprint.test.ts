/** What the code part of a key sees, on real files through the real bundler. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { rasteriserVersion } from "../../src/figure/rasteriser.ts"
import { type Bundle, bundle } from "../../src/plan/bundle.ts"
import { Lab, repository, vocabulary } from "../rig/lab.ts"

const lab = new Lab()
afterAll(() => lab.remove())

const stage = `${vocabulary}
import { used } from "./lib/helpers.ts"
export const score = Stage.make("score", {
  inputs: {}, params: Schema.Struct({ a: Schema.Int }), output: Table,
  *run(_, { a }) { return { title: "t", columns: [], rows: [[used(a)]].slice(1) } }
})
`
const helpers = `
export interface Shape { readonly a: number }
export const used = (a: number): number => a * 2 + inner(a)
const inner = (a: number): number => { const twice = a + a; return twice }
export const unused = (a: number): number => a * 3
`

const bundled = (files: { readonly [path: string]: string }, name = "score", module = "stage.ts") =>
  Effect.suspend(() => {
    for (const [path, text] of Object.entries(files)) lab.write(path, text)
    const entry = `export { ${name} as default } from ${JSON.stringify(lab.path(module))}`
    return bundle({ entry, what: name, root: lab.root, packageRoot: repository })
  })

const base = { "stage.ts": stage, "lib/helpers.ts": helpers }
const hashOf = (files: { readonly [path: string]: string }, name?: string, module?: string) =>
  Effect.map(bundled({ ...base, ...files }, name, module), ({ hash }) => hash)

describe("the code of a stage", () => {
  const blind: ReadonlyArray<readonly [string, { readonly [path: string]: string }]> = [
    [
      "a comment",
      { "lib/helpers.ts": helpers.replace("=> a * 2 + inner(a)", "=> /* twice */ a * 2 + inner(a) // here") }
    ],
    [
      "a docstring on the stage",
      { "stage.ts": stage.replace("export const", "/** Scores. */\nexport const") }
    ],
    ["formatting", { "lib/helpers.ts": helpers.replaceAll(" => ", " =>\n    ").replaceAll("; ", "\n") }],
    [
      "a type",
      {
        "lib/helpers.ts": helpers
          .replace("readonly a: number", "readonly b: string")
          .replace("used = (a: number)", "used = (a: number & {})")
      }
    ],
    ["the name of a local", { "lib/helpers.ts": helpers.replaceAll("twice", "doubled") }],
    ["a function that the stage does not reach", { "lib/helpers.ts": helpers.replace("a * 3", "a * 4") }],
    [
      "a neighbour's schema",
      {
        "lib/helpers.ts": `import { Schema } from "effect"\n${helpers}\nexport const Other = Schema.Struct({ b: Schema.String.check(Schema.isMinLength(3)) }).annotate({ identifier: "Other" })\n`
      }
    ],
    [
      "a neighbour's error class",
      {
        "lib/helpers.ts": `import { Schema } from "effect"\n${helpers}\nexport class Bad extends Schema.TaggedError<Bad>()("Bad", { a: Schema.Int }) { override get message() { return "bad" } }\n`
      }
    ],
    [
      "a neighbouring stage",
      {
        "stage.ts": `${stage}\nexport const other = Stage.make("other", { inputs: {}, params: Schema.Struct({}), output: Table, *run() { return { title: "", columns: [], rows: [] } } })\n`
      }
    ]
  ]
  it.effect.each(blind)("does not change with %s", ([, files]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* hashOf(files), yield* hashOf({}))
    })
  )

  const seen: ReadonlyArray<readonly [string, { readonly [path: string]: string }]> = [
    ["a function that the stage calls", { "lib/helpers.ts": helpers.replace("a * 2", "a * 5") }],
    [
      "a function that is called by one that it calls",
      { "lib/helpers.ts": helpers.replace("a + a", "a + a + 1") }
    ],
    ["its params' schema", { "stage.ts": stage.replace("Schema.Int", "Schema.Finite") }],
    ["its own body", { "stage.ts": stage.replace(".slice(1)", ".slice(0)") }],
    [
      "a module imported for its effect",
      { "stage.ts": `import "./lib/register.ts"\n${stage}`, "lib/register.ts": "globalThis.registered = 1\n" }
    ]
  ]
  it.effect.each(seen)("changes with %s", ([, files]) =>
    Effect.gen(function* () {
      assert.notStrictEqual(yield* hashOf(files), yield* hashOf({}))
    })
  )

  it.effect("does not change when a file moves", () =>
    Effect.gen(function* () {
      const moved = {
        "stage.ts": stage.replace("./lib/helpers.ts", "./elsewhere/deep/tools.ts"),
        "elsewhere/deep/tools.ts": helpers
      }
      assert.strictEqual(yield* hashOf(moved), yield* hashOf({}))
      const copied = { "stages/renamed.ts": stage.replace("./lib", "../lib") }
      assert.strictEqual(yield* hashOf(copied, "score", "stages/renamed.ts"), yield* hashOf({}))
    })
  )

  it.effect("names the modules that differ", () =>
    Effect.gen(function* () {
      const before = yield* bundled(base)
      const after = yield* bundled({ ...base, "lib/helpers.ts": helpers.replace("a * 2", "a * 5") })
      const changed = Object.keys(after.modules).filter(
        (path) => after.modules[path] !== before.modules[path]
      )
      assert.deepStrictEqual(changed, ["lib/helpers.ts"])
    })
  )

  it.effect("lists every file it was made from, with its content's digest", () =>
    Effect.gen(function* () {
      const { files } = yield* bundled(base)
      assert.includeMembers(
        files.map(({ path }) => path),
        [lab.path("stage.ts"), lab.path("lib/helpers.ts")]
      )
    })
  )
})

describe("TensorFlow.js", () => {
  const tensors =
    'import * as tf from "@tensorflow/tfjs-core"\nexport const double = (x: tf.Tensor) => tf.add(x, x)\n'
  const text = stage
    .replace("used(a)", "[used(a), double]")
    .replace("import { used", 'import { double } from "./lib/tensors.ts"\nimport { used')

  it.effect("counts by the version that this program brings, and is resolved from nowhere else", () =>
    Effect.gen(function* () {
      const { packages, imports } = yield* bundled({ ...base, "lib/tensors.ts": tensors, "stage.ts": text })
      assert.deepStrictEqual(Object.keys(packages).sort(), ["@tensorflow/tfjs-core", "effect"])
      assert.deepStrictEqual(imports, {})
    })
  )

  it.effect("is not among the packages of a stage that makes no use of it", () =>
    Effect.gen(function* () {
      const idle = text.replace("[used(a), double]", "used(a)")
      const { packages } = yield* bundled({ ...base, "lib/tensors.ts": tensors, "stage.ts": idle })
      assert.deepStrictEqual(Object.keys(packages), ["effect"])
    })
  )

  it.effect("comes into no stage because this program could start engines", () =>
    Effect.gen(function* () {
      const index = JSON.stringify(join(repository, "src/index.ts"))
      const plain = `import { Effect, Engine, Schema, Stage, Table } from ${index}\n${stage.replace(vocabulary, "").replace("return {", "yield* Engine; return {")}`
      const { code, packages } = yield* bundled({ ...base, "stage.ts": plain })
      assert.deepStrictEqual(Object.keys(packages), ["effect"])
      assert.notInclude(code, "import(")
      assert.include(code, "pipeline/tensor/Engine")
    })
  )
})

describe("a stage that comes with the program", () => {
  it.effect("carries nothing of what it could do with other files: a change there leaves it cached", () =>
    Effect.gen(function* () {
      const entry = `export { evaluate as default } from ${JSON.stringify(join(repository, "stages/evaluate.ts"))}`
      const { code, packages } = yield* bundle({
        entry,
        what: "evaluate",
        root: repository,
        packageRoot: repository
      })
      assert.deepStrictEqual(Object.keys(packages).sort(), ["@tensorflow/tfjs-core", "effect"])
      // Names of ONNX's operators, of Keras' layers, of TF.js' files.
      assert.notMatch(code, /LeakyRelu|MaxPooling2D|weightsManifest/)
    })
  )

  it.effect("counts the packages that it loads when it comes to it, and finds them from this program", () =>
    Effect.gen(function* () {
      const entry = `export { drawSweeps as default } from ${JSON.stringify(join(repository, "stages/draw-sweeps.ts"))}`
      const { code, packages, imports, lazy } = yield* bundle({
        entry,
        what: "draw-sweeps",
        root: repository,
        packageRoot: repository
      })
      assert.deepStrictEqual(Object.keys(packages).sort(), ["effect", "vega", "vega-lite"])
      assert.deepStrictEqual(Object.keys(imports).sort(), ["vega", "vega-lite"])
      assert.deepStrictEqual(lazy, new Set(["vega", "vega-lite"]))
      assert.include(code, rasteriserVersion)
    })
  )
})

describe("packages", () => {
  const installed = (name: string, version: string, text: string, more: object = {}) => {
    const manifest = { name, version, type: "module", exports: "./index.js", ...more }
    lab.write(`node_modules/${name}/package.json`, JSON.stringify(manifest))
    lab.write(`node_modules/${name}/index.js`, text)
  }
  const using = {
    "stage.ts": `import { triple } from "tripler"\n${stage.replace("used(a)", "triple(used(a))")}`
  }

  it.effect("count by version, not by content", () =>
    Effect.gen(function* () {
      installed("tripler", "1.0.0", "export const triple = (a) => a * 3\n")
      const one: Bundle = yield* bundled({ ...base, ...using })
      assert.deepStrictEqual(Object.keys(one.packages).sort(), ["effect", "tripler"])
      assert.strictEqual(one.packages["tripler"], "1.0.0")

      installed("tripler", "1.0.1", "export const triple = (a) => a * 3\n")
      const two = yield* bundled({ ...base, ...using })
      assert.strictEqual(two.packages["tripler"], "1.0.1")
      assert.strictEqual(two.hash, one.hash)
    })
  )

  it.effect("count only where something of them is used", () =>
    Effect.gen(function* () {
      installed("tripler", "1.0.0", "export const triple = (a) => a * 3\n", { sideEffects: false })
      const neighbour = `import { triple } from "tripler"\n${helpers}\nexport const other = (a: number) => triple(a)\n`
      const { packages, code } = yield* bundled({ ...base, "lib/helpers.ts": neighbour })
      assert.deepStrictEqual(Object.keys(packages), ["effect"])
      assert.notInclude(code, "tripler")
    })
  )

  it.effect("of the project's own that are linked count by content", () =>
    Effect.gen(function* () {
      mkdirSync(lab.path("node_modules"), { recursive: true })
      lab.write(
        "packages/tripler/package.json",
        JSON.stringify({ name: "linked", version: "1.0.0", type: "module", exports: "./index.ts" })
      )
      lab.write("packages/tripler/index.ts", "export const triple = (a: number) => a * 3\n")
      const linked = { "stage.ts": using["stage.ts"].replace("tripler", "linked") }
      yield* Effect.promise(async () => {
        const { symlink } = await import("node:fs/promises")
        await symlink(lab.path("packages/tripler"), lab.path("node_modules/linked"))
      })
      const one = yield* bundled({ ...base, ...linked })
      const two = yield* bundled({
        ...base,
        ...linked,
        "packages/tripler/index.ts": "export const triple = (a: number) => a * 4\n"
      })
      assert.notProperty(one.packages, "linked")
      assert.notStrictEqual(one.hash, two.hash)
    })
  )
})

describe("code that cannot be bundled", () => {
  it.effect("says which file and what is wrong with it", () =>
    Effect.gen(function* () {
      const broken = yield* Effect.flip(
        bundled({ ...base, "lib/helpers.ts": "export const used = (a => \n" })
      )
      assert.include(broken.message, "helpers.ts")
      const absent = yield* Effect.flip(
        bundled({ ...base, "stage.ts": stage.replace("./lib/helpers.ts", "./lib/nowhere.ts") })
      )
      assert.include(absent.message, "nowhere.ts")
      const noPackage = yield* Effect.flip(
        bundled({ ...base, "stage.ts": stage.replace("./lib/helpers.ts", "not-installed") })
      )
      assert.include(noPackage.message, "not-installed")
    })
  )
})
