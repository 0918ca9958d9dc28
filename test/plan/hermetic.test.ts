import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundle } from "../../src/plan/bundle.ts"
import { checkHermetic } from "../../src/plan/hermetic.ts"
import { Lab, repository } from "../rig/lab.ts"

const lab = new Lab()
afterAll(() => lab.remove())

/** Checks a stage whose module is `text`; succeeds with the complaint, or with nothing. */
const complaintAbout = Effect.fnUntraced(function* (text: string, readsFiles = false) {
  lab.write("stage.ts", `import { Clock, DateTime, Effect } from "effect"\n${text}`)
  const entry = `export { score as default } from ${JSON.stringify(lab.path("stage.ts"))}`
  const code = yield* bundle({ entry, what: "score", root: lab.root, packageRoot: repository })
  return yield* checkHermetic("score", code, readsFiles).pipe(
    Effect.as(undefined),
    Effect.catchTag("NotHermetic", (error) => Effect.succeed(error))
  )
})

const stage = (body: string) => `export const score = { run: (x) => { ${body} } }`

describe("a stage is refused", () => {
  it.effect.each([
    ["Math.random", "return Math.random()"],
    ["Math.random", "return x[Symbol.iterator](Math['random']())"],
    ["Math.random", "const { random } = Math; return random()"],
    ["Date.now", "return Date.now()"],
    ["new Date()", "return new Date()"],
    ["Date()", "return Date()"],
    ["performance.now", "return performance.now()"],
    ["process.env", "return process.env.HOME"],
    ["process.env", "const { env } = process; return env.HOME"],
    ["process.cwd", "return process.cwd()"],
    ["fetch", "return fetch(x)"],
    ["fetch", "const get = fetch; return get(x)"],
    ["crypto.randomUUID", "return crypto.randomUUID()"],
    ["import(…)", "return import(x)"],
    ["import.meta.url", "return new URL('./worker.ts', import.meta.url)"],
    ["Clock.currentTimeMillis", "return Clock.currentTimeMillis"],
    ["DateTime.now", "return Effect.map(DateTime.now, x)"],
    ["Date.now", "return globalThis.Date.now()"],
    ["Date as a value", "return Effect.map(Effect.succeed(Date), ({ now }) => now())"],
    ["Math as a value", "return x(Math)"],
    ["Effect.clockWith", "return Effect.clockWith(x)"],
    ["Effect.timed", "return Effect.timed(x)"],
    ["new Intl.DateTimeFormat()", "return new Intl.DateTimeFormat().format()"],
    ["process.getBuiltinModule", 'return process.getBuiltinModule("fs")'],
    ["new WebSocket()", "return new WebSocket(x)"]
  ] as const)("that uses %s: %s", ([what, body]) =>
    Effect.gen(function* () {
      const error = yield* complaintAbout(stage(body))
      assert.include(error?.message ?? "accepted", `\`${what}\``)
      assert.match(error?.message ?? "", /stage\.ts:2:\d+: /)
      assert.notStrictEqual(error?.hint, "")
    })
  )

  it.effect.each(["node:fs", "fs/promises", "node:child_process", "node:os", "node:http", "node:module"])(
    "that imports %s",
    (module) =>
      Effect.gen(function* () {
        const error = yield* complaintAbout(`import * as m from "${module}"\n${stage("return m.x(x)")}`)
        assert.include(error?.message ?? "accepted", `module \`node:${module.replace("node:", "")}\``)
      })
  )

  it.effect("that does so in a helper, and the helper's file is named", () =>
    Effect.gen(function* () {
      lab.write("clock.ts", "// the time\n\nexport const time = () => Date.now()\n")
      const error = yield* complaintAbout(`import { time } from "./clock.ts"\n${stage("return time()")}`)
      assert.match(error?.message ?? "accepted", /clock\.ts:3:\d+: `Date\.now`/)
    })
  )
})

describe("a stage that computes with tensors is refused", () => {
  it.effect.each([
    [
      "random numbers of TensorFlow.js",
      'import * as tf from "@tensorflow/tfjs-core"',
      "return tf.randomUniform([x])"
    ],
    ["the same by name", 'import { dropout as drop } from "@tensorflow/tfjs-core"', "return drop(x, 0.5)"]
  ] as const)("%s", ([, imports, body]) =>
    Effect.gen(function* () {
      const complaint = yield* complaintAbout(`${imports}\n${stage(body)}`)
      assert.match(complaint?.message ?? "", /tfjs-core\.(randomUniform|dropout)/)
      assert.include(complaint?.hint, "seed")
    })
  )
})

describe("a stage is refused as well", () => {
  it.effect.each([
    ["process.env", 'import process from "node:process"', "return process.env.HOME"],
    ["process.env", 'import { env } from "node:process"', "return x(env)"],
    ["crypto.randomUUID", 'import { randomUUID } from "node:crypto"', "return randomUUID()"],
    ["crypto.randomBytes", 'import * as c from "node:crypto"', "return c.randomBytes(3)"],
    ["Clock.currentTimeMillis", 'import * as C from "effect/Clock"', "return C.currentTimeMillis"]
  ] as const)("that has %s by way of %s", ([what, imports, body]) =>
    Effect.gen(function* () {
      const error = yield* complaintAbout(`${imports}\n${stage(body)}`)
      assert.include(error?.message ?? "accepted", `\`${what}\``)
    })
  )
})

describe("a stage is accepted", () => {
  it.effect.each([
    ["whose neighbour is not", `${stage("return 1")}\nexport const other = () => Math.random()`],
    ["that has a date of its own", stage("return new Date(x).getTime() + Math.floor(x.random)")],
    [
      "with locals called like globals",
      stage(
        "const Math = { random: () => 4 }; const process = { env: {} }; return [Math.random(), process.env]"
      )
    ],
    ["that calls what every object has", stage("return toString() + (x instanceof Date)")],
    [
      "that computes with tensors",
      `import * as tf from "@tensorflow/tfjs-core"\n${stage("return tf.grad((a) => tf.sum(tf.square(a)))(x)")}`
    ],
    ["that only speaks of them", stage('return "Math.random() and process.env"')],
    [
      "that hashes and compresses",
      `import { createHash } from "node:crypto"\nimport { gzipSync } from "node:zlib"\n${stage("return [createHash(x), gzipSync(x)]")}`
    ]
  ] as const)("%s", ([, text]) =>
    Effect.gen(function* () {
      assert.isUndefined(yield* complaintAbout(text))
    })
  )

  it.effect("that reads files and declares them", () =>
    Effect.gen(function* () {
      const text = `import { readFileSync } from "node:fs"\n${stage("return readFileSync(x)")}`
      assert.isUndefined(yield* complaintAbout(text, true))
      assert.isDefined(yield* complaintAbout(text, false))
    })
  )
})
