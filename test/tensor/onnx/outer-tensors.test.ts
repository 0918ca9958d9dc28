/** Tensors that a step takes from outside of its own call. */
import "@tensorflow/tfjs-backend-cpu"
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { AnyStep } from "../../../src/tensor/direct/step-call.ts"
import { record } from "../../../src/tensor/onnx/record.ts"
import { runGraph } from "./run-graph.ts"

const pair = { dtype: "F32", shape: [2] } as const
/** Stands in for a tensor that a step is always given. */
const none = (): tf.Tensor => tf.scalar(Number.NaN)

const onCpu = async <A>(make: () => A): Promise<A> => {
  await tf.setBackend("cpu")
  return make()
}

describe("a tensor from outside a step", () => {
  it("is a constant of every step that uses it, and never another value", async () => {
    const outer = await onCpu(() => tf.tensor1d([10, 20]))
    const first = record({ a: pair }, ({ a = none() }) => ({ y: tf.add(a, outer) }))
    // The outer tensor's place in the first graph is that of `b` in this one.
    const second = record({ a: pair, b: pair }, ({ a = none(), b = none() }) => ({
      sum: tf.add(a, b),
      shifted: tf.add(a, outer),
      a
    }))
    assert.strictEqual(first.inputs.length, 1)
    const results = await runGraph(second)
    const [x = 0, y = 0] = results.get("a") ?? []
    assert.deepStrictEqual(results.get("shifted"), [x + 10, y + 20])
    outer.dispose()
  })

  it("is refused if it comes out of another recording", async () => {
    await tf.setBackend("cpu")
    let escaped: tf.Tensor | undefined
    record({ a: pair }, ({ a = none() }) => {
      escaped = tf.keep(tf.exp(a))
      return {}
    })
    assert.throws(
      () => record({ a: pair }, ({ a = none() }) => ({ y: tf.add(a, escaped ?? 0) })),
      /another call of a step/
    )
  })

  it("does not disturb a recording that goes on around another", async () => {
    const inner: AnyStep = ({ a = none() }) => ({ y: tf.neg(a) })
    const graph = record({ a: pair }, ({ a = none() }) => {
      const before = tf.exp(a)
      record({ a: pair }, inner)
      return { y: tf.add(before, a), a }
    })
    assert.deepStrictEqual(
      graph.ordered().map(({ op }) => op),
      ["Exp", "Add"]
    )
  })
})
