import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Table } from "../../src/artifact/index.ts"
import { checkSummary } from "../../stages/check-summary.ts"
import { recorded } from "./recorded.ts"

const checks = (...rows: ReadonlyArray<readonly [string, boolean | null, string, string?]>): Table => ({
  title: "Checks",
  columns: [
    { name: "check", type: "text" },
    { name: "passed", type: "boolean" },
    { name: "epsilon", type: "number" },
    { name: "compared at", type: "text" },
    { name: "what was found", type: "text" }
  ],
  rows: rows.map(([check, passed, found, at = "0.1"]) => [check, passed, 0.1, at, found])
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
              ["transfer", false, "It hides.", "0.1, 0.3"],
              ["noise", true, "fine"]
            ),
            robust: checks(["transfer", null, "Not compared.", ""], ["grey", true, "fine"])
          }
        },
        { title: "All checks" }
      )
      assert.deepStrictEqual(
        table.columns.map(({ name }) => name),
        ["model", "transfer", "noise", "grey", "what failed"]
      )
      assert.deepStrictEqual(table.rows, [
        ["plain", "failed at 0.1, 0.3", "passed at 0.1", "not compared", "It hides."],
        ["robust", "not compared", "not compared", "passed at 0.1", ""]
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
