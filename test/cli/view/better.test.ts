import { assert, describe, it } from "vitest"
import { isBetter } from "../../../src/cli/view/better.ts"

describe("of two values of a metric", () => {
  it.each([
    ["loss", 0.1, 0.2],
    ["validation/loss", 0.1, 0.2],
    ["checks_failed", 0, 3],
    ["error", 0.1, Number.NaN],
    ["accuracy", 0.9, 0.8],
    ["val_accuracy", 0.9, 0.8],
    ["robust.accuracy", 0.9, Number.NEGATIVE_INFINITY]
  ])("%s: %s is better than %s", (name, a, b) => {
    assert.isTrue(isBetter(name, a, b))
    assert.isFalse(isBetter(name, b, a))
  })

  it.each([
    ["images", 1, 2],
    ["epsilon", 1, 2],
    ["glossary", 1, 2],
    ["loss", 1, 1],
    ["accuracy", Number.NaN, Number.NaN]
  ])("%s: neither of %s and %s is", (name, a, b) => {
    assert.isFalse(isBetter(name, a, b))
    assert.isFalse(isBetter(name, b, a))
  })
})
