/** The losses recorded as ONNX graphs: what PyTorch computes, and gradients that survive a confident network. */
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import "#tfjs-gradients"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import type { StepTensors, Tensors } from "../../../src/tensor/engine.ts"
import { crossEntropy, dlr, dlrTargeted, kl, margin, rawLogit } from "../../../src/tensor/loss/index.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import torch from "./torch-losses.json" with { type: "json" }

const F32 = (shape: ReadonlyArray<number>, data: ReadonlyArray<number>): TensorData => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(data)
})
const I32 = (data: ReadonlyArray<number>): TensorData => ({
  dtype: "I32",
  shape: [data.length],
  data: Int32Array.from(data)
})

/** Runs a step once, on engine `onnx`. */
const runOnce = <Out extends string>(
  inputs: Tensors,
  step: (tensors: StepTensors) => { readonly [name in Out]: tf.Tensor }
) =>
  Effect.gen(function* () {
    const engine = yield* onnxEngine({ threads: 1 })
    const signature = Object.fromEntries(
      Object.entries(inputs).map(([name, { dtype, shape }]) => [
        name,
        { dtype: dtype === "I32" ? ("I32" as const) : ("F32" as const), shape }
      ])
    )
    const program = yield* engine.compile({ name: "losses", inputs: signature, step })
    const outputs: Tensors = yield* program.run(inputs)
    return (name: Out) => [...(outputs[name]?.data ?? [])]
  }).pipe(Effect.scoped)

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  assert.strictEqual(actual.length, expected.length)
  for (const [i, value] of expected.entries())
    assert.closeTo(actual[i] ?? Number.NaN, value, 3e-6 * Math.max(1, Math.abs(value)), `element ${i}`)
}

describe("losses on onnx", () => {
  it.effect("are PyTorch's, with their gradients", () =>
    Effect.gen(function* () {
      const result = yield* runOnce(
        {
          z: F32([6, 5], torch.logits),
          moved: F32([6, 5], torch.perturbed),
          y: I32(torch.labels),
          t: I32(torch.targets)
        },
        ({ z = tf.scalar(0), moved = tf.scalar(0), y = tf.scalar(0), t = tf.scalar(0) }) => {
          const slope = (loss: (z: tf.Tensor) => tf.Tensor) => tf.grad((x) => tf.sum(loss(x)))(z)
          return {
            crossEntropy: crossEntropy(z, y),
            crossEntropySlope: slope((x) => crossEntropy(x, y)),
            rawLogitSlope: slope((x) => rawLogit(x, y)),
            margin: margin(z, y),
            marginSlope: slope((x) => margin(x, y)),
            dlr: dlr(z, y),
            dlrSlope: slope((x) => dlr(x, y)),
            dlrTargeted: dlrTargeted(z, y, t),
            dlrTargetedSlope: slope((x) => dlrTargeted(x, y, t)),
            kl: kl(z, moved),
            klSlope: slope((x) => kl(x, moved))
          }
        }
      )
      const { losses } = torch
      close(result("crossEntropy"), losses.crossEntropy.value)
      close(result("crossEntropySlope"), losses.crossEntropy.slope)
      close(result("rawLogitSlope"), losses.rawLogit.slope)
      close(result("margin"), losses.margin.value)
      close(result("marginSlope"), losses.margin.slope)
      close(result("dlr"), losses.dlr.value)
      close(result("dlrSlope"), losses.dlr.slope)
      close(result("dlrTargeted"), losses.dlrTargeted.value)
      close(result("dlrTargetedSlope"), losses.dlrTargeted.slope)
      close(result("kl"), torch.kl.value)
      close(result("klSlope"), torch.kl.toClean)
    })
  )

  it.effect("cross-entropy keeps its gradient at logit gaps of 40 and 80", () =>
    Effect.gen(function* () {
      const result = yield* runOnce(
        { z: F32([2, 3], [0, 40, 0, 0, 80, 0]), y: I32([1, 1]) },
        ({ z = tf.scalar(0), y = tf.scalar(0) }) => ({ slope: tf.grad((x) => tf.sum(crossEntropy(x, y)))(z) })
      )
      const [small, tiny] = [Math.exp(-40), Math.exp(-80)]
      const expected = [small, -2 * small, small, tiny, -2 * tiny, tiny]
      for (const [i, value] of result("slope").entries()) assert.closeTo(value / (expected[i] ?? 0), 1, 1e-5)
    })
  )
})
