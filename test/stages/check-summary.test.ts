import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Table } from "../../src/artifact/index.ts"
import { checkSummary } from "../../stages/check-summary.ts"
import { recorded } from "./recorded.ts"

const checks = (...rows: ReadonlyArray<readonly [string, boolean | null, string]>): Table => ({
  title: "Checks",
  columns: [
    { name: "check", type: "text" },
    { name: "passed", type: "boolean" },
    { name: "epsilon", type: "number" },
    { name: "what was found", type: "text" }
  ],
  rows: rows.map(([check, passed, found]) => [check, passed, 0.1, found])
})

describe("check-summary", () => {
  it.effect("has a row for each model, and of a check made twice the worst", () => {
    const { layer, metrics } = recorded()
    return Effect.gen(function* () {
      const table = yield* checkSummary.execute(
        {
          checks: {
            plain: checks(
              ["transfer", true, "fine"],
              ["transfer", false, "It hides."],
              ["noise", true, "fine"]
            ),
            robust: checks(["transfer", null, "not checked"], ["grey", true, "fine"])
          }
        },
        { title: "All checks" }
      )
      assert.deepStrictEqual(
        table.columns.map(({ name }) => name),
        ["model", "transfer", "noise", "grey", "what failed"]
      )
      assert.deepStrictEqual(table.rows, [
        ["plain", "failed", "passed", "not checked", "It hides."],
        ["robust", "not checked", "not checked", "passed", ""]
      ])
      assert.strictEqual(metrics["checks_failed"], 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("refuses a table that is not one of hygiene", () =>
    Effect.gen(function* () {
      const other: Table = { title: "x", columns: [{ name: "a", type: "text" }], rows: [] }
      const error = yield* Effect.flip(checkSummary.execute({ checks: { other } }, { title: "t" }))
      assert.include(error.message, "`other`")
    }).pipe(Effect.provide(recorded().layer))
  )
})
