/** One network on every engine that there is: the same logits, the same gradients. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { elementsOf, type TensorData } from "../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../src/data/random.ts"
import { cpuEngine } from "../../src/tensor/direct/cpu.ts"
import { tfjsNodeEngine } from "../../src/tensor/direct/tfjs-node.ts"
import { wasmEngine } from "../../src/tensor/direct/wasm.ts"
import type { EngineShape, Signature } from "../../src/tensor/engine.ts"
import type { EngineUnavailable } from "../../src/tensor/engine-unavailable.ts"
import { onnxEngine } from "../../src/tensor/onnx/engine.ts"

type Start = Effect.Effect<EngineShape, EngineUnavailable, Scope.Scope>

/** Each is held to `cpu`. libtensorflow takes part where it was built: see scripts/build-tfjs-node.mjs. */
const engines: ReadonlyArray<readonly [name: string, start: Start]> = [
  ["wasm", wasmEngine],
  ["onnx", onnxEngine({ threads: 1 })],
  ["onnx, two threads", onnxEngine({ threads: 2 })],
  ...(process.env["PIPELINE_TFJS_NODE"] === undefined
    ? []
    : ([["tfjs-node-gpu", tfjsNodeEngine(1)]] as const))
]

const batch = 3
const inputs = {
  x: { dtype: "F32", shape: [batch, 8, 8, 2] },
  labels: { dtype: "I32", shape: [batch] }
} as const satisfies Signature
const parameters = {
  conv1: { dtype: "F32", shape: [3, 3, 2, 4] },
  scale: { dtype: "F32", shape: [4] },
  shift: { dtype: "F32", shape: [4] },
  conv2: { dtype: "F32", shape: [2, 2, 4, 5] },
  bias: { dtype: "F32", shape: [5] },
  dense: { dtype: "F32", shape: [20, 6] }
} as const satisfies Signature

/** Numbers in [-1, 1). Images get a background of one colour, so that maxima are tied, as MNIST's are. */
const draw = (signature: Signature): { readonly [name: string]: TensorData } =>
  Object.fromEntries(
    Object.entries(signature).map(([name, { dtype, shape }], index) => {
      const stream = new RandomStream({ seed: 3, purpose: 0, index })
      const length = elementsOf(shape)
      if (dtype === "I32") return [name, { dtype, shape, data: Int32Array.from({ length }, (_, i) => i) }]
      const number = () => stream.uint32() / 2 ** 31 - 1
      const data = Float32Array.from({ length }, () => (name === "x" ? Math.max(0, number()) : number()))
      return [name, { dtype: "F32", shape, data }]
    })
  )

type Weights = { readonly [name in keyof typeof parameters]: tf.Tensor }

/** Convolution, batch normalisation by the batch's own statistics, two ways of pooling, and a strided convolution. */
const logitsOf = ({ conv1, scale, shift, conv2, bias, dense }: Weights, x: tf.Tensor): tf.Tensor => {
  const images = tf.reshape<tf.Rank.R4>(x, [batch, 8, 8, 2])
  const first = tf.conv2d(images, tf.reshape<tf.Rank.R4>(conv1, [3, 3, 2, 4]), 1, "same")
  const { mean, variance } = tf.moments(first, [0, 1, 2])
  const normal = tf.mul(tf.sub(first, mean), tf.rsqrt(tf.add(variance, 1e-5)))
  const active = tf.relu(tf.add(tf.mul(normal, scale), shift))
  const pooled = tf.maxPool(tf.reshape<tf.Rank.R4>(active, [batch, 8, 8, 4]), 2, 2, "valid")
  const second = tf.relu(
    tf.add(tf.conv2d(pooled, tf.reshape<tf.Rank.R4>(conv2, [2, 2, 4, 5]), 2, "valid"), bias)
  )
  return tf.matMul(tf.reshape(second, [batch, 20]), tf.reshape<tf.Rank.R2>(dense, [20, 6]))
}

const lossOf = (logits: tf.Tensor, labels: tf.Tensor): tf.Tensor =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.cast(tf.oneHot(labels, 6), "float32")), 1)))

type StepInput = Weights & { readonly [name in keyof typeof inputs]: tf.Tensor }

/** A gradient for every parameter and for the images, and one step of gradient descent. */
const step = ({ x, labels, ...weights }: StepInput) => {
  const { conv1, scale, shift, conv2, bias, dense } = weights
  const loss = (...given: ReadonlyArray<tf.Tensor>): tf.Tensor => {
    const [images = x, c1 = conv1, s1 = scale, h1 = shift, c2 = conv2, b = bias, d = dense] = given
    return lossOf(logitsOf({ conv1: c1, scale: s1, shift: h1, conv2: c2, bias: b, dense: d }, images), labels)
  }
  const slopes = tf.grads(loss)([x, conv1, scale, shift, conv2, bias, dense])
  const named = (index: number) => slopes[index] ?? tf.scalar(Number.NaN)
  const logits = logitsOf(weights, x)
  return {
    logits,
    predicted: tf.argMax(logits, 1),
    loss: lossOf(logits, labels),
    "slope of x": named(0),
    "slope of conv1": named(1),
    "slope of scale": named(2),
    "slope of shift": named(3),
    "slope of conv2": named(4),
    "slope of bias": named(5),
    "slope of dense": named(6),
    dense: tf.sub(dense, tf.mul(named(6), 0.1)),
    conv1: tf.sub(conv1, tf.mul(named(1), 0.1))
  }
}

/** What two runs of the step give, and the state that they leave. */
const results = Effect.fnUntraced(function* (start: Start) {
  const engine = yield* start
  const program = yield* engine.compile({ name: "parity", inputs, state: parameters, step })
  const state = draw(parameters)
  const { x, labels } = draw(inputs)
  const { conv1, scale, shift, conv2, bias, dense } = state
  if (!x || !labels || !conv1 || !scale || !shift || !conv2 || !bias || !dense)
    return yield* Effect.die("no tensors")
  yield* program.load({ conv1, scale, shift, conv2, bias, dense })
  const first = yield* program.run({ x, labels })
  const second = yield* program.run({ x, labels })
  return { first, second, state: yield* program.read }
})

const assertNear = (
  actual: { readonly [name: string]: TensorData },
  expected: { readonly [name: string]: TensorData }
): void => {
  assert.sameMembers(Object.keys(actual), Object.keys(expected))
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    const found = actual[name]
    assert.deepStrictEqual([found?.dtype, found?.shape], [dtype, shape], name)
    const size = Math.max(1e-3, ...Array.from(data, Math.abs))
    for (const [at, value] of data.entries())
      assert.closeTo(found?.data[at] ?? Number.NaN, value, 1e-4 * size, `${name}[${at}]`)
  }
}

describe("every engine computes what `cpu` does, to 1e-4 of a tensor's largest value", () => {
  it.effect.each(engines)("%s", ([, start]) =>
    Effect.gen(function* () {
      const expected = yield* results(cpuEngine)
      const actual = yield* results(start)
      assertNear(actual.first, expected.first)
      assertNear(actual.second, expected.second)
      assertNear(actual.state, expected.state)
      // A network that learns nothing would be the same everywhere.
      assert.isBelow(expected.second.loss.data[0] ?? 0, (expected.first.loss.data[0] ?? 0) - 1e-3)
    })
  )
})
