import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { didYouMean, editDistance, similarNames } from "../../src/text/did-you-mean.ts"

const pipelines = ["mnist-advtrain", "cifar10-advtrain", "demo", "transfer"]

describe("the edit distance", () => {
  it("counts a swap of neighbours as one slip", () => {
    const table: ReadonlyArray<readonly [string, string, number]> = [
      ["", "", 0],
      ["", "abc", 3],
      ["train", "train", 0],
      ["train", "tarin", 1],
      ["train", "trian", 1],
      ["kitten", "sitting", 3],
      ["ca", "abc", 2],
      ["epoch", "epochs", 1]
    ]
    for (const [a, b, distance] of table) assert.strictEqual(editDistance(a, b), distance, `${a} ${b}`)
  })

  it("is a metric", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 7 })
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        assert.strictEqual(editDistance(a, b), editDistance(b, a))
        assert.strictEqual(editDistance(a, b) === 0, a === b)
        assert.isAtMost(editDistance(a, c), editDistance(a, b) + editDistance(b, c))
      })
    )
  })
})

describe("did you mean", () => {
  it("finds slips, other cases and beginnings, nearest first", () => {
    assert.deepStrictEqual(similarNames("mnist-advtrian", pipelines), ["mnist-advtrain"])
    assert.deepStrictEqual(similarNames("Demo", pipelines), ["demo"])
    assert.deepStrictEqual(similarNames("mnist", pipelines), ["mnist-advtrain"])
    assert.deepStrictEqual(similarNames("epoch", ["epochs", "epsilon", "epoch2"]), ["epoch2", "epochs"])
  })

  it("offers nothing that is too far to be a slip", () => {
    assert.deepStrictEqual(similarNames("resnet", pipelines), [])
    assert.deepStrictEqual(similarNames("xy", ["ab"]), [])
    assert.deepStrictEqual(similarNames("", pipelines), [])
    assert.isUndefined(didYouMean("resnet", pipelines))
  })

  it("is a sentence with the names in backticks", () => {
    assert.strictEqual(didYouMean("dmeo", pipelines), "did you mean `demo`?")
    assert.strictEqual(didYouMean("run", ["ran", "runs", "rune"]), "did you mean `ran`, `rune` or `runs`?")
  })

  it("offers three names at most and each once", () => {
    const names = Array.from({ length: 10 }, (_, index) => `node${index}`)
    assert.strictEqual(similarNames("node", [...names, ...names]).length, 3)
  })

  it("is quick among 10,000 names", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `evaluate/retrained/${index}`)
    const before = performance.now()
    assert.strictEqual(similarNames("evaluate/retraind/77", names)[0], "evaluate/retrained/77")
    assert.isBelow(performance.now() - before, 1000)
  })
})
