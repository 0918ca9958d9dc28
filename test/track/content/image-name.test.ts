import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { imagePaths, keyText } from "../../../src/track/content/image-name.ts"

/** A file's name as MLflow's UI takes it apart: `ImageReducer.ts`. */
const takenApart = (path: string) => {
  const [directory, file = "", ...deeper] = path.split("/")
  const stem = file.replace(/\.png$/, "")
  const [key = "", step, stepValue, timestamp, milliseconds, uuid, compressed, ...more] = stem.split("+")
  return { directory, deeper, key, step, stepValue, timestamp, milliseconds, uuid, compressed, more }
}

/** What `log_image` of MLflow's Python client takes as a key. */
const pythonsKey = /^[a-zA-Z0-9_\-./ ]+$/

describe("the name of an image", () => {
  it("is what MLflow's UI takes apart", () => {
    const { full, small } = imagePaths({
      key: "PGD epsilon 0.3/7 predicted 3",
      step: 2,
      at: 1_700_000_000_000.4,
      of: "a"
    })
    const parts = takenApart(full)
    assert.deepInclude(parts, {
      directory: "images",
      deeper: [],
      key: "PGD epsilon 0.3~7 predicted 3",
      step: "step",
      stepValue: "2",
      timestamp: "timestamp",
      milliseconds: "1700000000000",
      more: []
    })
    assert.isUndefined(parts.compressed)
    assert.match(parts.uuid ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepStrictEqual(takenApart(small), { ...parts, compressed: "compressed" })
  })

  it("is the same at every try, and another for another artifact, key or step", () => {
    const name = { key: "a", step: 0, at: 5, of: "digest" }
    const full = (change: Partial<typeof name> = {}) => imagePaths({ ...name, ...change }).full
    assert.strictEqual(full(), full())
    assert.strictEqual(
      new Set([full(), full({ key: "b" }), full({ step: 1 }), full({ of: "other" })]).size,
      4
    )
  })

  it("takes any text as a part of a key, and makes it one that Python's client takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (group, label) => {
        const key = `${keyText(group)}/${keyText(label)}`
        assert.match(key, pythonsKey)
        const parts = takenApart(imagePaths({ key, step: 0, at: 0, of: "" }).full)
        assert.deepStrictEqual(parts.deeper, [])
        assert.strictEqual(parts.key.replaceAll("~", "/"), key)
        assert.deepStrictEqual(parts.more, [])
      })
    )
  })
})
