import { assert, describe, it } from "@effect/vitest"
import { addNoise, perturbationsOf } from "../../../src/tensor/attack/index.ts"
import { mean } from "./classifiers.ts"

describe("noise", () => {
  const images = Float32Array.from({ length: 784 * 20 }, (_, at) => (at % 11) / 10)
  const indices = Array.from({ length: 20 }, (_, row) => row)
  const noisy = (kind: "boundary" | "uniform", norm: "linf" | "l2", epsilon = 0.2) =>
    addNoise({ kind, norm, epsilon, seed: 3 }, images, indices)

  it("on the boundary moves every pixel by epsilon, up as often as down", () => {
    const moved = noisy("boundary", "linf")
    const inner = [...moved.keys()].filter((at) => Math.abs((images[at] ?? 0) - 0.5) < 0.25)
    const changes = inner.map((at) => (moved[at] ?? 0) - (images[at] ?? 0))
    assert.isTrue(changes.every((change) => Math.abs(Math.abs(change) - 0.2) < 1e-6))
    assert.closeTo(mean(changes), 0, 0.01)
    assert.isTrue(moved.every((value) => value >= 0 && value <= 1))
    // Signs of neighbours, and of images, have nothing to do with each other.
    assert.closeTo(mean(changes.slice(1).map((change, at) => change * (changes[at] ?? 0))), 0, 0.002)
  })

  it("that is uniform fills the ball", () => {
    const inner = [...images.keys()].filter((at) => Math.abs((images[at] ?? 0) - 0.5) < 0.25)
    const moved = noisy("uniform", "linf")
    const sizes = inner.map((at) => Math.abs((moved[at] ?? 0) - (images[at] ?? 0)))
    assert.closeTo(mean(sizes), 0.1, 0.003)
    assert.closeTo(Math.max(...sizes), 0.2, 0.001)
  })

  it("in L2 has length epsilon on the boundary, and less inside", () => {
    const grey = new Float32Array(784 * 20).fill(0.5)
    const lengths = (kind: "boundary" | "uniform", values: number) => {
      const count = (784 * 20) / values
      const clean = grey.subarray(0, count * values)
      const noise = addNoise(
        { kind, norm: "l2", epsilon: 0.4, seed: 3 },
        clean,
        Array.from({ length: count }, (_, row) => row)
      )
      return [...perturbationsOf(clean, noise, [values, 1, 1]).l2]
    }
    assert.isTrue(lengths("boundary", 784).every((length) => Math.abs(length - 0.4) < 1e-6))
    // The mean length in a ball of d dimensions is d / (d + 1).
    assert.closeTo(mean(lengths("uniform", 784)), (0.4 * 784) / 785, 0.001)
    assert.closeTo(mean(lengths("uniform", 2)), (0.4 * 2) / 3, 0.005)
    assert.closeTo(mean(lengths("uniform", 1)), 0.4 / 2, 0.005)
  })

  it("belongs to the image's index, and the two kinds share nothing", () => {
    const two = images.slice(0, 784 * 2)
    const swapped = addNoise({ kind: "uniform", norm: "linf", epsilon: 0.2, seed: 3 }, two, [7, 0])
    const first = addNoise({ kind: "uniform", norm: "linf", epsilon: 0.2, seed: 3 }, two, [0, 7])
    assert.notDeepEqual(swapped, first)
    const same = new Float32Array(1568).fill(0.5)
    const there = addNoise({ kind: "uniform", norm: "linf", epsilon: 0.2, seed: 3 }, same, [7, 0])
    const back = addNoise({ kind: "uniform", norm: "linf", epsilon: 0.2, seed: 3 }, same, [0, 7])
    assert.deepStrictEqual(there.slice(0, 784), back.slice(784))
  })

  it("of epsilon 0 is none", () => {
    assert.deepStrictEqual(noisy("boundary", "linf", 0), images)
    assert.deepStrictEqual(noisy("uniform", "l2", 0), images)
  })
})
