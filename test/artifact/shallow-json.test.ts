import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import { fromShallowJson, isTooDeep, mostLevels } from "../../src/artifact/shallow-json.ts"

/** Some JSON in so many lists or objects. */
const wrapped = (inner: string, levels: number, open = "[", close = "]"): string =>
  open.repeat(levels) + inner + close.repeat(levels)

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

describe("JSON of strangers", () => {
  it("is too deep from one level more than the most", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (value, more) => {
        const levels = mostLevels - 2 + more
        assert.strictEqual(
          isTooDeep(wrapped(JSON.stringify(value), levels)),
          levels + depthOf(value) > mostLevels
        )
      })
    )
    assert.isFalse(isTooDeep(wrapped("1", mostLevels, '{"a":', "}")))
    assert.isTrue(isTooDeep(wrapped("1", mostLevels + 1, '{"a":', "}")))
  })

  it("is not deep for what it quotes, and not for what comes one after the other", () => {
    for (const text of ["[".repeat(1000), `\\"${"{".repeat(1000)}`, "\\", '"'])
      assert.isFalse(isTooDeep(JSON.stringify({ text, more: text })))
    assert.isFalse(isTooDeep(`[${"[],".repeat(1000)}[]]`))
    assert.isTrue(isTooDeep(JSON.stringify("\\") + "[".repeat(mostLevels + 1)))
  })

  const codec = fromShallowJson(Schema.Struct({ any: Schema.Json }))

  it.effect("is refused by a typed error that does not repeat it", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(Schema.decodeEffect(codec)(`{"any":${wrapped("", 100_000)}}`))
      assert.strictEqual(message, "nested too deeply: more than 100 levels")
    })
  )

  it.effect("is a value otherwise, or no JSON at all", () =>
    Effect.gen(function* () {
      const value = { any: [{ deeper: [1, "two", null] }] }
      const text = yield* Schema.encodeEffect(codec)(value)
      assert.deepStrictEqual(yield* Schema.decodeEffect(codec)(text), value)
      assert.match((yield* Effect.flip(Schema.decodeEffect(codec)("{"))).message, /valid JSON/)
    })
  )
})
