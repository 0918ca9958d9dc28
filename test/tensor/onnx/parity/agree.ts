/** Holds engine `onnx` to TensorFlow.js's own reference, its `cpu` backend. */
import "@tensorflow/tfjs-backend-cpu"
import { assert } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import type { TensorData } from "../../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../../src/data/random.ts"
import { toBackend, toMemory } from "../../../../src/tensor/direct/tensors.ts"
import type { Signature, StepTensors, Tensors } from "../../../../src/tensor/engine.ts"
import { onnxEngine } from "../../../../src/tensor/onnx/engine.ts"
import type { Case, Draw } from "./case.ts"

/** Random samples, of shapes for example, and random numbers. A sample's cases are one program. */
export const agree = <Sample>(
  samples: fc.Arbitrary<Sample>,
  cases: (sample: Sample) => ReadonlyArray<Case>,
  runs = 10
): Effect.Effect<void> =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(samples, fc.nat(), (sample, seed) =>
        Effect.runPromise(agreeOnce(cases(sample), seed))
      ),
      // Always the same samples: what rounds off too much has to do so again. They are small without being shrunk.
      { numRuns: runs, seed: 1, endOnFailure: true }
    )
  )

const agreeOnce = (cases: ReadonlyArray<Case>, seed: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const inputs: Record<string, TensorData> = {}
      const signature: Record<string, Signature[string]> = {}
      for (const [at, { inputs: draws }] of cases.entries()) {
        const random = new RandomStream({ seed, purpose: 99, index: at })
        for (const [name, draw] of Object.entries(draws)) {
          inputs[nameOf(at, name)] = valuesOf(draw, random)
          signature[nameOf(at, name)] = draw
        }
      }
      const step = (tensors: StepTensors) => allOf(cases, tensors)
      const engine = yield* onnxEngine({ threads: 1 })
      const program = yield* engine.compile({ name: "cases", inputs: signature, step })
      const [found, expected] = [yield* program.run(inputs), yield* onCpu(step, inputs)]
      for (const [at, { name, within }] of cases.entries()) {
        for (const [output, values] of Object.entries(expected))
          if (output.startsWith(nameOf(at, ""))) compare(`${name}: ${output}`, found[output], values, within)
      }
    })
  )

const nameOf = (at: number, what: string): string => `${at}.${what}`

const valuesOf = ({ dtype, shape, element }: Draw, random: RandomStream): TensorData => {
  const length = shape.reduce((a, b) => a * b, 1)
  const values = { length }
  const next = () => element(random)
  switch (dtype) {
    case "F32":
      return { dtype, shape, data: Float32Array.from(values, next) }
    case "I32":
      return { dtype, shape, data: Int32Array.from(values, next) }
    case "U8":
      return { dtype, shape, data: Uint8Array.from(values, next) }
  }
}

/** Results of every case, and the gradients of their weighted sum. */
const allOf = (cases: ReadonlyArray<Case>, tensors: StepTensors): StepTensors => {
  const all: Record<string, tf.Tensor> = {}
  for (const [at, { inputs, compute, gradient }] of cases.entries()) {
    const names = Object.keys(inputs)
    const given = names.flatMap((name) => tensors[nameOf(at, name)] ?? [])
    const call = (list: ReadonlyArray<tf.Tensor>) =>
      compute(Object.fromEntries(names.flatMap((name, which) => (list[which] ? [[name, list[which]]] : []))))
    const results = call(given)
    for (const [which, result] of results.entries()) all[nameOf(at, `result ${which}`)] = result
    const smooth = names.flatMap((_, which) => (given[which]?.dtype === "float32" ? [which] : []))
    if (!gradient || smooth.length === 0 || results.every(({ dtype }) => dtype !== "float32")) continue
    const slopes = tf.grads((...list: Array<tf.Tensor>) => {
      const full = [...given]
      for (const [place, which] of smooth.entries()) full[which] = list[place] ?? tf.scalar(0)
      return weightedSum(call(full))
    })(smooth.flatMap((which) => given[which] ?? []))
    for (const [place, which] of smooth.entries()) {
      const slope = slopes[place]
      if (slope !== undefined) all[nameOf(at, `gradient of ${names[which]}`)] = slope
    }
  }
  return all
}

/** Weights that differ, so that no two elements can be mistaken for each other. */
const weightedSum = (results: ReadonlyArray<tf.Tensor>): tf.Scalar => {
  const sums = results
    .filter(({ dtype }) => dtype === "float32")
    .map((result) => {
      const weights = Float32Array.from({ length: result.size }, (_, at) => Math.cos(at + 1))
      return tf.sum<tf.Scalar>(tf.mul(result, tf.tensor(weights, result.shape)))
    })
  return sums.reduce((sum, next) => tf.add<tf.Scalar>(sum, next))
}

const onCpu = (step: (tensors: StepTensors) => StepTensors, inputs: Tensors): Effect.Effect<Tensors> =>
  Effect.promise(async () => {
    await tf.setBackend("cpu")
    tf.engine().startScope()
    const given = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      if (dtype === "F64") throw new Error("no case has such an input")
      return [name, toBackend({ dtype, shape }, data)] as const
    })
    const made = Object.entries(step(Object.fromEntries(given)))
    const values = made.map(([name, tensor]) => [name, toMemory(tensor, tensor.dataSync())] as const)
    tf.engine().endScope()
    return Object.fromEntries(values)
  })

export const compare = (
  what: string,
  found: TensorData | undefined,
  expected: TensorData,
  within: number
): void => {
  assert.strictEqual(found?.dtype, expected.dtype, `${what}: type`)
  assert.deepStrictEqual(found?.shape, expected.shape, `${what}: shape`)
  for (const [at, want] of expected.data.entries()) {
    const got = found?.data[at]
    const close =
      Object.is(got, want) ||
      (got !== undefined && Math.abs(got - want) <= within * Math.max(1, Math.abs(want)))
    if (!close) assert.fail(`${what}: element ${at} of [${expected.shape.join(", ")}] is ${got}, not ${want}`)
  }
}
