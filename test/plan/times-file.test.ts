/** The file of times beside a pipeline. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readTimes, saveTimes, timesPath } from "../../src/plan/times-file.ts"

const scratch = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "times-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

describe("the times beside a pipeline", () => {
  it.effect("are kept preset by preset, sorted and to two digits, so that a change of them is small", () =>
    Effect.gen(function* () {
      const path = join(yield* scratch, "study.times.json")
      yield* saveTimes(path, "quick", { machine: "m", seconds: { b: 61.234, a: 0 } })
      yield* saveTimes(path, "demo", { machine: "n", seconds: { "a/__proto__": 0.0123 } })
      yield* saveTimes(path, "quick", { machine: "m", seconds: { b: 59.9, a: 1 } })
      assert.deepStrictEqual(Object.entries(yield* readTimes(path)), [
        ["demo", { machine: "n", seconds: { "a/__proto__": 0.012 } }],
        ["quick", { machine: "m", seconds: { a: 1, b: 60 } }]
      ])
    }).pipe(Effect.scoped)
  )

  it.effect("are none where there is no file", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* readTimes(join(yield* scratch, "study.times.json")), {})
    }).pipe(Effect.scoped)
  )

  it.effect("are refused where they are something else, and that file is not written over", () =>
    Effect.gen(function* () {
      const path = join(yield* scratch, "study.times.json")
      for (const text of [
        "",
        "[]",
        '{"format":2,"presets":{}}',
        '{"format":1,"presets":{"demo":{"machine":"m","seconds":{"a":"1"}}}}',
        '{"format":1,"presets":{"demo":{"machine":"m","seconds":{"a":-1}}}}',
        '{"format":1,"presets":{},"more":1}'
      ]) {
        writeFileSync(path, text)
        const times = { machine: "m", seconds: {} }
        for (const asked of [readTimes(path), saveTimes(path, "demo", times)]) {
          const error = yield* Effect.flip(asked)
          assert.strictEqual(error._tag, "BadTimesFile", text)
          assert.include(error.message, path)
          assert.include(error.hint, "--save")
        }
        assert.strictEqual(readFileSync(path, "utf8"), text)
      }
    }).pipe(Effect.scoped)
  )

  it("lie beside it under its name", () => {
    assert.strictEqual(timesPath("/x/pipelines/a.ts"), "/x/pipelines/a.times.json")
    assert.strictEqual(timesPath("/x/pipelines/a.b.mjs"), "/x/pipelines/a.b.times.json")
  })
})
