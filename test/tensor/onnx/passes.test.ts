import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { AnyStep } from "../../../src/tensor/direct/step-call.ts"
import { expand } from "../../../src/tensor/onnx/expand.ts"
import type { Graph } from "../../../src/tensor/onnx/graph.ts"
import { biasIntoProduct } from "../../../src/tensor/onnx/passes/bias.ts"
import { intoConvolution } from "../../../src/tensor/onnx/passes/into-convolution.ts"
import { poolFirst } from "../../../src/tensor/onnx/passes/pool-first.ts"
import { poolOrder } from "../../../src/tensor/onnx/passes/pool-order.ts"
import { askRectified } from "../../../src/tensor/onnx/passes/rectified.ts"
import { rowSums } from "../../../src/tensor/onnx/passes/row-sums.ts"
import { stepInOne } from "../../../src/tensor/onnx/passes/step.ts"
import { finish, rearrange } from "../../../src/tensor/onnx/passes.ts"
import { record } from "../../../src/tensor/onnx/record.ts"
import { runGraph } from "./run-graph.ts"

const f32 = (...shape: ReadonlyArray<number>) => ({ dtype: "F32" as const, shape })

const images = { x: f32(3, 9, 9, 2), w: f32(3, 3, 2, 5), b: f32(5), k: f32(3, 4, 4, 5) }

/** Loss and all gradients of a function of `x`, `w` and `b`, weighted by `k`. */
const withGradients =
  (f: (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.Tensor): AnyStep =>
  ({ x, w, b, k }) => {
    if (!(x && w && b && k)) throw new Error("an input is missing")
    const loss = (...at: Array<tf.Tensor>): tf.Scalar => {
      const [image = x, filter = w, bias = b] = at
      return tf.sum(tf.mul(tf.slice(k, [0, 0, 0, 0], f(image, filter, bias).shape), f(image, filter, bias)))
    }
    const [dx = x, dw = w, db = b] = tf.grads(loss)([x, w, b])
    return { y: f(x, w, b), dx, dw, db }
  }

const four = (x: tf.Tensor, shape: [number, number, number, number]): tf.Tensor4D => tf.reshape(x, shape)
const convolve = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
  tf.conv2d(four(x, [3, 9, 9, 2]), four(w, [3, 3, 2, 5]), 1, "valid")
const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(four(x, [3, 7, 7, 5]), 2, 2, "valid")

const steps: { readonly [name: string]: AnyStep } = {
  "pool of a rectified convolution": withGradients((x, w, b) => pool(tf.relu(tf.add(convolve(x, w), b)))),
  "rectified pool of a convolution": withGradients((x, w, b) => tf.relu(pool(tf.add(convolve(x, w), b)))),
  "pool of a convolution without bias": withGradients((x, w, b) => tf.add(pool(convolve(x, w)), b)),
  "pool that others look under": withGradients((x, w, b) => {
    const inner = tf.relu(tf.add(convolve(x, w), b))
    return tf.add(pool(inner), tf.slice(inner, [0, 1, 2, 0], [3, 3, 3, 5]))
  }),
  "overlapping pool": withGradients((x, w, b) =>
    tf.maxPool(four(tf.relu(tf.add(convolve(x, w), b)), [3, 7, 7, 5]), 3, 2, "valid")
  ),
  "no pool": withGradients((x, w, b) =>
    tf.slice(tf.relu(tf.add(convolve(x, w), b)), [0, 0, 0, 0], [3, 4, 4, 5])
  )
}

const passes: { readonly [name: string]: (graph: Graph) => Graph } = {
  askRectified,
  poolFirst,
  poolOrder,
  intoConvolution,
  biasIntoProduct: (graph) => biasIntoProduct(expand(graph)),
  rowSums: (graph) => rowSums(expand(graph)),
  stepInOne: (graph) => stepInOne(expand(graph)),
  "poolOrder after poolFirst": (graph) => poolOrder(poolFirst(askRectified(graph))),
  "all of them": (graph) => finish(expand(rearrange(graph)))
}

const operations = (graph: Graph): string =>
  graph
    .ordered()
    .map(({ op }) => op)
    .join()

describe("passes leave results as they are", () => {
  for (const [step, write] of Object.entries(steps)) {
    it(step, async () => {
      const graph = record(images, write)
      const expected = await runGraph(graph)
      for (const [pass, apply] of Object.entries(passes)) {
        for (const [name, values] of await runGraph(apply(graph))) {
          // The numbers are exact in single precision, in whatever order they are added.
          assert.deepStrictEqual(values, expected.get(name), `${pass}: ${name}`)
        }
      }
    })
  }
})

describe("passes do what they are for", () => {
  const [rectified] = Object.values(steps)
  const graph = () => record(images, rectified ?? (() => ({})))

  it("a pool comes before bias and rectifier, and nothing of full size is left of them", () => {
    const sizes = poolFirst(askRectified(graph()))
      .ordered()
      .filter(({ op }) => op === "Relu" || op === "Mul")
      .map(({ outputs }) => outputs[0]?.shape.join())
    assert.isNotEmpty(sizes)
    assert.notInclude(sizes, "3,7,7,5")
  })

  it("a convolution makes only the pixels that its pool looks at", () => {
    const made = poolOrder(poolFirst(askRectified(graph())))
    const convolutions = made.ordered().filter(({ op }) => op === "@Conv")
    assert.deepStrictEqual(
      convolutions.map(({ outputs }) => outputs[0]?.shape),
      // Nine windows of four pixels, of 49 pixels.
      [[3, 36, 5]]
    )
    assert.notInclude(operations(made), "@MaxPool")
  })

  it("a convolution takes its bias and its rectifier", () => {
    const made = intoConvolution(askRectified(record(images, steps["no pool"] ?? (() => ({})))))
    assert.include(operations(made), "@ConvRelu")
    assert.notMatch(operations(made), /(^|,)Relu/)
  })

  it("a sum over rows is a product; over anything else it stays", () => {
    const rows = { x: f32(300, 7), s: f32(300, 300) }
    const made = rowSums(
      record(rows, ({ x, s }) => {
        if (!(x && s)) throw new Error("an input is missing")
        return { rows: tf.sum(x, 0), columns: tf.sum(s, 1) }
      })
    )
    assert.include(operations(made), "MatMul")
    assert.include(operations(made), "ReduceSum")
  })

  it("a product takes the bias after it, if nobody else reads the product", () => {
    const dense = { a: f32(4, 6), w: f32(6, 5), b: f32(5) }
    const gemms = (write: AnyStep) => operations(biasIntoProduct(record(dense, write)))
    const product = ({ a, w }: Parameters<AnyStep>[0]) =>
      a && w ? tf.matMul(tf.reshape(a, [4, 6]), tf.reshape(w, [6, 5])) : tf.scalar(0)
    assert.include(
      gemms((t) => ({ y: tf.add(product(t), t["b"] ?? 0) })),
      "Gemm"
    )
    assert.notInclude(
      gemms((t) => ({ y: tf.add(product(t), t["b"] ?? 0), raw: product(t) })),
      "Gemm"
    )
  })
})
