import "@tensorflow/tfjs-backend-cpu"
import "#tfjs-gradients"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { crossEntropy } from "../../../src/tensor/loss/index.ts"
import { makeNetwork } from "../../../src/tensor/network/index.ts"
import { Augmentation, augmentedObjective, turnedFrom } from "../../../src/tensor/train/augmentation.ts"
import { plainObjective } from "../../../src/tensor/train/index.ts"

beforeAll(async () => {
  await tf.setBackend("cpu")
})

const turned = (height: number, width: number, mirrored: boolean, degrees: number) => {
  const sources = new Int32Array(height * width)
  turnedFrom(height, width, mirrored, degrees, sources)
  return [...sources]
}

describe("where a turned image's pixels come from", () => {
  it("nowhere else, without a turn", () => {
    assert.deepStrictEqual(turned(2, 3, false, 0), [0, 1, 2, 3, 4, 5])
  })

  it("the other side, mirrored", () => {
    assert.deepStrictEqual(turned(2, 3, true, 0), [2, 1, 0, 5, 4, 3])
  })

  it("another side, after a right angle: what is on the right goes down", () => {
    const quarter = [6, 3, 0, 7, 4, 1, 8, 5, 2]
    assert.deepStrictEqual(turned(3, 3, false, 90), quarter)
    assert.deepStrictEqual(turned(3, 3, false, -90), quarter.toReversed())
    assert.deepStrictEqual(turned(3, 3, true, 90), [8, 5, 2, 7, 4, 1, 6, 3, 0])
  })

  it("outside of the image in the corners, after half of one", () => {
    const sources = turned(32, 32, false, 45)
    for (const corner of [0, 31, 31 * 32, 32 * 32 - 1]) assert.strictEqual(sources[corner], -1)
    assert.strictEqual(sources[16 * 32 + 16], 16 * 32 + 16)
    // A pixel far to the right of the middle moves up to where it came from: it goes down.
    assert.strictEqual(sources[26 * 32 + 26], 16 * 32 + 30)
  })

  const Degrees = Schema.Finite.check(Schema.isBetween({ minimum: -90, maximum: 90 }))
  it.prop("never a place that is not there", [Degrees, Schema.Boolean], ([degrees, mirrored]) => {
    assert.isTrue(turned(7, 4, mirrored, degrees).every((source) => source >= -1 && source < 28))
  })
})

const network = Effect.runSync(
  makeNetwork({
    name: "coloured row",
    layers: [
      { type: "input", shape: [1, 3, 2] },
      { type: "flatten" },
      { type: "dense", units: 2, name: "fc" }
    ]
  })
)
const objective = (augmentation: Augmentation) =>
  augmentedObjective(network, augmentation, plainObjective(crossEntropy))
const at = (rows: ReadonlyArray<number>, epoch = 0, seed = 1) => ({
  seed,
  epoch,
  step: 0,
  rows: Int32Array.from(rows)
})

/** What the network sees of images of 1, 2, 3 … pixels. */
const seen = (augmentation: Augmentation, position: ReturnType<typeof at>) => {
  const count = position.rows.length
  const { inputs, draw, prepare } = objective(augmentation)
  const drawn = draw?.(position)["augmentedFrom"]
  assert.deepStrictEqual(inputs?.(count), { augmentedFrom: { dtype: "I32", shape: [3 * count] } })
  assert.strictEqual(drawn?.data.length, 3 * count)
  const { augmented } =
    prepare?.({
      network,
      weights: {},
      images: tf.tensor4d(
        Array.from({ length: 6 * count }, (_, value) => 1 + value),
        [count, 1, 3, 2]
      ),
      labels: tf.zeros([count], "int32"),
      masks: {},
      extras: { augmentedFrom: tf.tensor1d(Int32Array.from(drawn?.data ?? []), "int32") }
    }) ?? {}
  return [...(augmented?.dataSync() ?? [])]
}

describe("augmentedObjective", () => {
  it("leaves images as they are where nothing is asked for", () => {
    const rows = at([4, 9])
    assert.deepStrictEqual(seen({ flip: false, rotation: 0 }, rows), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it("mirrors half of the images, whole pixels at a time", () => {
    const rows = Array.from({ length: 200 }, (_, row) => row)
    const images = seen({ flip: true, rotation: 0 }, at(rows))
    const mirrored = rows.filter((row) => images[6 * row] !== 6 * row + 1)
    assert.isAbove(mirrored.length, 70)
    assert.isBelow(mirrored.length, 130)
    for (const row of mirrored)
      assert.deepStrictEqual(
        images.slice(6 * row, 6 * row + 6).map((value) => value - 6 * row),
        [5, 6, 3, 4, 1, 2]
      )
  })

  it("paints black what comes from outside", () => {
    const images = seen({ flip: false, rotation: 90 }, at(Array.from({ length: 40 }, (_, row) => row)))
    // A row that stands upright leaves its middle alone.
    assert.isAbove(images.filter((value) => value === 0).length, 40)
    for (let row = 0; row < 40; row++) assert.strictEqual(images[6 * row + 2], 6 * row + 3)
  })

  it("draws what belongs to image, epoch and seed, not to the batch", () => {
    const both = { flip: true, rotation: 90 }
    const sources = (...where: Parameters<typeof at>) => [
      ...(objective(both).draw?.(at(...where))["augmentedFrom"]?.data ?? [])
    ]
    const many = Array.from({ length: 20 }, (_, row) => row)
    const forwards = sources(many)
    const backwards = sources(many.toReversed())
    for (const row of many) {
      const there = forwards.slice(3 * row, 3 * row + 3).map((source) => (source === 60 ? -1 : source % 3))
      const place = 19 - row
      const here = backwards.slice(3 * place, 3 * place + 3)
      assert.deepStrictEqual(
        here.map((source) => (source === 60 ? -1 : source % 3)),
        there
      )
    }
    assert.notDeepEqual(sources(many, 1), forwards)
    assert.notDeepEqual(sources(many, 0, 2), forwards)
  })

  it("refuses an angle beyond a right one", () => {
    assert.isTrue(Schema.is(Augmentation)({ flip: true, rotation: 90 }))
    assert.isFalse(Schema.is(Augmentation)({ flip: true, rotation: 91 }))
  })
})
