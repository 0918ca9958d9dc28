/** Stacks of convolutions and pools in orders and shapes that the passes were not made for. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import type { AnyStep } from "../../../src/tensor/direct/step-call.ts"
import { expand } from "../../../src/tensor/onnx/expand.ts"
import type { Graph } from "../../../src/tensor/onnx/graph.ts"
import { finish, rearrange } from "../../../src/tensor/onnx/passes.ts"
import { record } from "../../../src/tensor/onnx/record.ts"
import { runGraph } from "./run-graph.ts"

const kinds = ["convolution", "bias", "scale", "relu", "relu6", "max", "average", "fold", "fork"] as const

interface Block {
  readonly kind: (typeof kinds)[number]
  readonly kernel: number
  readonly stride: number
  readonly pad: "same" | "valid"
  /** Of a convolution. */
  readonly filters: number
  /** Whether what the block makes is given out as well. */
  readonly isShown: boolean
}

const block: fc.Arbitrary<Block> = fc.record({
  // What the passes look for is drawn more often.
  kind: fc.constantFrom<Block["kind"]>(...kinds, "convolution", "convolution", "bias", "relu", "max", "max"),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom("same", "valid"),
  filters: fc.integer({ min: 1, max: 6 }),
  isShown: fc.boolean()
})

type Sides = [number, number, number, number]

interface Sample {
  readonly image: Sides
  readonly blocks: ReadonlyArray<Block>
  /** How often the network is applied to what the gradient makes of its image, as in an attack. */
  readonly turns: number
  /** Whether blocks' results are given out. */
  readonly shows: boolean
}

const samples: fc.Arbitrary<Sample> = fc.record({
  image: fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 4, max: 9 }),
    fc.integer({ min: 4, max: 9 }),
    fc.constantFrom(1, 2, 3, 4, 5)
  ),
  blocks: fc.array(block, { minLength: 2, maxLength: 7 }),
  turns: fc.integer({ min: 1, max: 2 }),
  shows: fc.boolean()
})

type Image = tf.Tensor4D
const image = (x: tf.Tensor, shape: ReadonlyArray<number>): Image => {
  const [n = 1, h = 1, w = 1, c = 1]: ReadonlyArray<number> = shape
  return tf.reshape(x, [n, h, w, c])
}

/** Weights by the place of their block. The same shape is the same weight: two convolutions may share it. */
type Weight = (shape: ReadonlyArray<number>) => tf.Tensor

const pooled = (x: Image, { kernel, stride, pad, kind }: Block): Image => {
  const [, height, width] = x.shape
  if (pad === "valid" && (height < kernel || width < kernel)) return x
  return kind === "average" ? tf.avgPool(x, kernel, stride, pad) : tf.maxPool(x, kernel, stride, pad)
}

const applied = (x: Image, each: Block, weight: Weight): Image => {
  const [n, height, width, channels] = x.shape
  const { kernel, stride, pad, filters } = each
  switch (each.kind) {
    case "convolution": {
      if (pad === "valid" && (height < kernel || width < kernel)) return x
      const filter = tf.reshape<tf.Rank.R4>(weight([kernel, kernel, channels, filters]), [
        kernel,
        kernel,
        channels,
        filters
      ])
      return tf.conv2d(x, filter, stride, pad)
    }
    case "bias":
      return tf.add(x, weight([channels]))
    case "scale":
      return tf.mul(tf.sub(x, weight([1, 1, 1, channels])), 0.5)
    case "relu":
      return tf.relu(x)
    case "relu6":
      return tf.relu6(x)
    case "max":
    case "average":
      return pooled(x, each)
    case "fold": {
      // Half of the rows become channels, or the images one: other pixels than the convolution's.
      const folded: Sides =
        height % 2 === 0 ? [n, height / 2, width, channels * 2] : [1, n * height, width, channels]
      return image(x, folded)
    }
    case "fork": {
      // Two pools of one image, of which the second has other windows.
      const [one, two] = [pooled(x, each), pooled(x, { ...each, kernel: (kernel % 3) + 1 })]
      return one.shape.join() === two.shape.join() ? tf.add(one, two) : one
    }
  }
}

const graphOf = (sample: Sample): Graph => {
  const shapes = new Map<string, ReadonlyArray<number>>()
  const network = (x: tf.Tensor, weight: Weight, shown: Array<tf.Tensor>): tf.Tensor =>
    sample.blocks.reduce(
      (value, each) => {
        const next = applied(value, each, weight)
        if (each.isShown && sample.shows) shown.push(next)
        return next
      },
      image(x, sample.image)
    )
  const loss = (y: tf.Tensor): tf.Scalar => {
    const weights = Float32Array.from({ length: y.size }, (_, at) => ((at * 7) % 5) - 2)
    return tf.sum(tf.mul(y, tf.tensor(weights, y.shape)))
  }
  // The weights' shapes are known once the network has been applied.
  record({ x: { dtype: "F32", shape: sample.image } }, ({ x }) => {
    if (x === undefined) throw new Error("there is no image")
    const weight: Weight = (shape) => {
      shapes.set(`w${shape.join("x")}`, shape)
      return tf.zeros([...shape])
    }
    return { y: network(x, weight, []) }
  })
  const names = [...shapes.keys()]
  const step: AnyStep = (tensors) => {
    const all: Record<string, tf.Tensor> = {}
    let x = tensors["x"]
    for (let turn = 0; turn < sample.turns; turn++) {
      if (x === undefined) throw new Error("there is no image")
      const given = [x, ...names.flatMap((name) => tensors[name] ?? [])]
      const call = (list: ReadonlyArray<tf.Tensor>, shown: Array<tf.Tensor>) => {
        const [first = tf.scalar(0), ...weights] = list
        return network(first, (shape) => weights[names.indexOf(`w${shape.join("x")}`)] ?? tf.scalar(0), shown)
      }
      const shown: Array<tf.Tensor> = []
      all[`y${turn}`] = call(given, shown)
      for (const [at, each] of shown.entries()) all[`shown${turn}.${at}`] = each
      const slopes = tf.grads((...list: Array<tf.Tensor>) => loss(call(list, [])))(given)
      for (const [at, slope] of slopes.entries()) all[`slope${turn}.${at}`] = slope
      x = tf.clipByValue(tf.add(x, tf.mul(tf.sign(slopes[0] ?? x), 0.25)), -1, 1)
    }
    return all
  }
  const f32 = (shape: ReadonlyArray<number>) => ({ dtype: "F32" as const, shape })
  const signature = Object.fromEntries([...shapes].map(([name, shape]) => [name, f32(shape)]))
  return record({ x: f32(sample.image), ...signature }, step)
}

const assertUnchanged = async (graph: Graph): Promise<void> => {
  const expected = await runGraph(graph)
  const found = await runGraph(finish(expand(rearrange(graph))))
  for (const [name, values] of expected) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    for (const [at, value] of values.entries())
      assert.closeTo(found.get(name)?.[at] ?? Number.NaN, value, 1e-4 * largest, `${name}[${at}]`)
  }
}

const one: Block = { kind: "relu", kernel: 2, stride: 2, pad: "valid", filters: 3, isShown: false }
const convolution: Block = { ...one, kind: "convolution", stride: 1 }

describe("passes over convolutions and pools leave results as they are", () => {
  it("in random networks, with gradients and attacks", async () => {
    await fc.assert(
      fc.asyncProperty(samples, (sample) => assertUnchanged(graphOf(sample))),
      { numRuns: 60, seed: 1, endOnFailure: true }
    )
  })

  for (const [name, image] of [
    ["has other channels than the convolution", [2, 9, 9, 2]],
    ["has other images than the convolution", [2, 8, 9, 2]]
  ] as const) {
    it(`where a pool ${name}`, async () => {
      const blocks = [convolution, { ...one, kind: "fold" as const }, { ...one, kind: "max" as const }]
      await assertUnchanged(graphOf({ image: [...image], blocks, turns: 1, shows: false }))
    })
  }
})
