import { assert, describe, it } from "@effect/vitest"
import {
  converged,
  fallsToChance,
  gradientsPresent,
  greyBound,
  iterativeNotWeaker,
  noiseNotStronger,
  nonIncreasing,
  transferNotStronger,
  worstCase
} from "../../../src/tensor/attack/hygiene/index.ts"

const curve = (...points: ReadonlyArray<readonly [epsilon: number, accuracy: number]>) =>
  points.map(([epsilon, accuracy]) => ({ epsilon, accuracy }))

const tolerance = 0.01

describe("checks of an evaluation", () => {
  it.each([
    [
      "iterative",
      (low: number, high: number) => iterativeNotWeaker({ iterative: low, singleStep: high, tolerance })
    ],
    ["noise", (low: number, high: number) => noiseNotStronger({ attack: low, noise: high, tolerance })],
    [
      "transfer",
      (low: number, high: number) => transferNotStronger({ whiteBox: low, transfer: high, tolerance })
    ]
  ] as const)("of %s: the first accuracy may not be higher by more than the tolerance", (_, check) => {
    assert.isTrue(check(0.2, 0.5).passed)
    assert.isTrue(check(0.505, 0.5).passed)
    const failed = check(0.52, 0.5)
    assert.isFalse(failed.passed)
    assert.include(Object.values(failed.numbers), 0.52)
    assert.match(failed.sentence, /52\.00 %.*50\.00 %: .*\.$/)
    assert.notInclude(check(0.2, 0.5).sentence, ":")
  })

  it("of convergence: more of the attack may not lower accuracy", () => {
    assert.isTrue(converged({ accuracy: 0.5, withMore: 0.495, tolerance }).passed)
    assert.isFalse(converged({ accuracy: 0.5, withMore: 0.4, tolerance }).passed)
  })

  it("of zero gradients: as on the checkpoint of study 2, where probabilities were clipped", () => {
    const { passed, sentence } = gradientsPresent({ share: 0.6895, limit: 0.01 })
    assert.isFalse(passed)
    assert.include(sentence, "68.95 % of the images")
    assert.isTrue(gradientsPresent({ share: 0, limit: 0.01 }).passed)
  })

  it("of a curve: accuracy may not rise above any smaller epsilon's", () => {
    // Cross-entropy on logits, and on clipped probabilities, as measured on one network.
    assert.isTrue(nonIncreasing(curve([0.2, 0.33], [0, 0.99], [0.3, 0.15], [0.1, 0.74]), 0).passed)
    const slow = nonIncreasing(curve([0, 0.99], [0.1, 0.5], [0.2, 0.509], [0.3, 0.518]), tolerance)
    assert.isFalse(slow.passed)
    assert.deepInclude(slow.numbers, { from: 0.1, to: 0.3 })
    assert.closeTo(slow.numbers["rise"] ?? 0, 0.018, 1e-9)
    assert.isTrue(nonIncreasing(curve([0.1, 0.5], [0.2, 0.505]), tolerance).passed)
  })

  it("of a curve's end: accuracy must fall to what one answer for everything gets", () => {
    const good = curve([0, 0.99], [0.3, 0.1487], [0.5, 0.0972])
    const bad = curve([0.3, 0.712], [0, 0.99])
    assert.isTrue(fallsToChance(good, 0.1135, 0).passed)
    const { passed, sentence } = fallsToChance(bad, 0.1135, tolerance)
    assert.isFalse(passed)
    assert.include(sentence, "epsilon 0.3")
    assert.isFalse(fallsToChance([], 0.1135, 0).passed)
  })

  it("of the grey image: from epsilon 0.5 on, no more than the largest class can be right", () => {
    assert.isTrue(greyBound(curve([0, 0.99], [0.499, 0.9]), 0.1135, 0).passed)
    assert.isTrue(greyBound(curve([0.4, 0.9], [0.5, 0.1135], [0.8, 0.09]), 0.1135, 0).passed)
    assert.isFalse(greyBound(curve([0.5, 0.2]), 0.1135, 0).passed)
    const failed = greyBound(curve([0.5, 0.12], [0.6, 0.3], [0.8, 0.1]), 0.1135, tolerance)
    assert.isFalse(failed.passed)
    assert.deepInclude(failed.numbers, { epsilon: 0.6, accuracy: 0.3 })
  })

  it("of several attacks: an image counts only if it withstands all of them", () => {
    const correct = [Uint8Array.of(1, 1, 0, 0), Uint8Array.of(1, 0, 1, 0)]
    assert.deepStrictEqual(worstCase(correct), Uint8Array.of(1, 0, 0, 0))
    assert.deepStrictEqual(worstCase([]), new Uint8Array(0))
  })
})
