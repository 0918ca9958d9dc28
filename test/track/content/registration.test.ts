import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { parseRegistrations } from "../../../src/track/content/index.ts"

describe("which models are registered", () => {
  it.effect("is a list of nodes with names and aliases", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* parseRegistrations("baseline=digits@champion, corrected/pgd/fresh=robust digits,"),
        [
          { node: "baseline", model: "digits", alias: "champion" },
          { node: "corrected/pgd/fresh", model: "robust digits" }
        ]
      )
      assert.deepStrictEqual(yield* parseRegistrations("  "), [])
    })
  )

  it.effect.each([
    ["baseline", "does not read node=name or node=name@alias"],
    ["=digits", "does not read node=name or node=name@alias"],
    ["a=b=c", "does not read node=name or node=name@alias"],
    ["a=b/c", "has the name `b/c`; the registry takes no `/` and no `:`"],
    ["a=b@", "has an alias that is not made of letters, digits, `_` and `-`"],
    ["a=b@x y", "has an alias that is not made of letters, digits, `_` and `-`"],
    ["a=b@Latest", "has the alias `Latest`, which the registry keeps for itself"],
    ["a=b@v2", "has the alias `v2`, which the registry keeps for itself"]
  ])("refuses `%s`, and says how to write it", ([text, reason]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(parseRegistrations(`fine=ok,${text}`))
      assert.strictEqual(error.message, `PIPELINE_MLFLOW_REGISTER: \`${text}\` ${reason}`)
      assert.include(error.hint, "node=name@alias")
    })
  )
})
