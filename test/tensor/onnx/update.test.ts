import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
import type { EngineShape, Tensors } from "../../../src/tensor/engine.ts"
import { exactly } from "../../../src/tensor/exactly.ts"
import { compileStep } from "../../../src/tensor/onnx/compile.ts"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import {
  type ElementwiseProgram,
  type Instruction,
  isSquare,
  makeKernel,
  type Operand,
  smallest,
  smallestRoot
} from "../../../src/tensor/onnx/update/kernel.ts"

const operations: { readonly [op in Instruction["op"]]: (a: number, b: number) => number } = {
  Abs: (a) => Math.abs(a),
  Neg: (a) => -a,
  Sqrt: (a) => Math.sqrt(a),
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Min: (a, b) => Math.min(a, b),
  Max: (a, b) => Math.max(a, b)
}
const unary = new Set(["Abs", "Neg", "Sqrt"])

const unlessTiny = (value: number, limit: number): number => (Math.abs(value) < limit ? 0 : value)

/** The program by the book, rounded to single precision after each operation. */
const interpret = (
  program: ElementwiseProgram,
  arrays: ReadonlyArray<Float32Array>,
  scalars: ReadonlyArray<number>
) =>
  arrays[0]?.reduce<Array<Array<number>>>(
    (results, _, at) => {
      const made: Array<number> = []
      const read = (operand: Operand): number => {
        if ("array" in operand) return arrays[operand.array]?.[at] ?? Number.NaN
        if ("scalar" in operand) return Math.fround(scalars[operand.scalar] ?? Number.NaN)
        if ("made" in operand) return made[operand.made] ?? Number.NaN
        return Math.fround(operand.constant)
      }
      for (const instruction of program.instructions) {
        const { op, operands } = instruction
        const limit = isSquare(instruction) ? smallestRoot : 0
        const [a = Number.NaN, b = Number.NaN] = operands.map((each) => unlessTiny(read(each), limit))
        made.push(Math.fround(operations[op](a, b)))
      }
      for (const [number, result] of program.results.entries())
        results[number]?.push(unlessTiny(made[result] ?? Number.NaN, smallest))
      return results
    },
    program.results.map(() => [])
  )

const number = fc.oneof(
  fc.float({ noNaN: true, min: -100, max: 100 }),
  fc.constantFrom(0, -0, 1, 1e-30, 1e-19, 1e-20, 1e-40, 3e38, Number.POSITIVE_INFINITY)
)

const programs = fc
  .record({
    arrays: fc.integer({ min: 1, max: 4 }),
    scalars: fc.integer({ min: 0, max: 2 }),
    length: fc.integer({ min: 1, max: 12 })
  })
  .chain(({ arrays, scalars, length }) => {
    const operand = (earlier: number): fc.Arbitrary<Operand> =>
      fc.oneof(
        fc.record({ array: fc.integer({ min: 0, max: arrays - 1 }) }),
        number.map((constant) => ({ constant: Math.fround(constant) })),
        ...(scalars > 0 ? [fc.record({ scalar: fc.integer({ min: 0, max: scalars - 1 }) })] : []),
        ...(earlier > 0 ? [fc.record({ made: fc.integer({ min: 0, max: earlier - 1 }) })] : [])
      )
    const instruction = (earlier: number): fc.Arbitrary<Instruction> =>
      fc
        .tuple(
          fc.constantFrom("Abs", "Neg", "Sqrt", "Add", "Sub", "Mul", "Div", "Min", "Max"),
          operand(earlier),
          operand(earlier)
        )
        .map(([op, a, b]) => ({ op, operands: unary.has(op) ? [a] : [a, b] }))
    return fc
      .record({
        instructions: fc.tuple(...Array.from({ length }, (_, at) => instruction(at))),
        results: fc.uniqueArray(fc.integer({ min: 0, max: length - 1 }), { minLength: 1, maxLength: arrays })
      })
      .map(({ instructions, results }): ElementwiseProgram => ({ arrays, scalars, instructions, results }))
  })

describe("kernels", () => {
  it("give the bits of the separate operations, in place too", () => {
    fc.assert(
      fc.property(
        programs,
        fc.array(fc.tuple(number, number, number, number), { minLength: 1, maxLength: 9 }),
        fc.tuple(number, number),
        fc.boolean(),
        (program, rows, scalars, inPlace) => {
          const memory = new WebAssembly.Memory({ initial: 1 })
          const view = (place: number) => new Float32Array(memory.buffer, place * 64, rows.length)
          for (let array = 0; array < program.arrays; array++)
            view(array).set(rows.map((row) => row[array] ?? 0))
          const arrays = Array.from({ length: program.arrays }, (_, array) => view(array).slice())
          const places = program.results.map((_, number) => (inPlace ? number : 10 + number))
          const all = [...arrays.map((_, array) => array), ...places].map((place) => place * 64)
          makeKernel(program, memory)(
            Math.ceil(rows.length / 4),
            ...all,
            ...scalars.slice(0, program.scalars)
          )
          const expected = interpret(program, arrays, scalars)
          for (const [result, place] of places.entries())
            assert.deepStrictEqual([...view(place)], expected?.[result], `result ${result}`)
        }
      ),
      { numRuns: 300 }
    )
  })
})

const f32 = (...shape: ReadonlyArray<number>) => ({ dtype: "F32" as const, shape })
const state = { w: f32(5, 3), m: f32(5, 3), s: f32(1), b: f32(3) }
const inputs = { x: f32(4, 5), rate: f32(1), noise: f32(5, 3) }

type Given = { readonly [name in keyof typeof state | keyof typeof inputs]: tf.Tensor }
type Update = (tensors: Given) => { readonly [name: string]: tf.Tensor }
const write = (update: Update): Update => update

const gradient = (x: tf.Tensor, w: tf.Tensor) =>
  tf.grad((at) => tf.sum(tf.square(tf.matMul(tf.reshape(x, [4, 5]), tf.reshape(at, [5, 3])))))(w)

const updates = {
  "momentum and a rate": write(({ x, w, m, rate }) => {
    const next = tf.add(tf.mul(m, 0.9), gradient(x, w))
    return { m: next, w: tf.sub(w, tf.mul(next, rate)) }
  }),
  "two states that change places": write(({ w, m }) => ({ w: tf.mul(m, 2), m: tf.mul(w, 3) })),
  "a state that another one's update reads": write(({ w, m, x }) => ({
    w: tf.add(w, m),
    m: tf.add(m, gradient(x, w))
  })),
  "a state of one number that scales the others": write(({ w, s }) => ({
    s: tf.mul(s, 0.5),
    w: tf.mul(w, s)
  })),
  "an input of full size": write(({ w, noise }) => ({ w: tf.add(w, noise) })),
  "what is given out as well": write(({ w, m }) => {
    const next = tf.add(w, m)
    return { w: next, copy: next }
  }),
  "one value under two names": write(({ w, m }) => {
    const next = tf.sub(w, m)
    return { w: next, m: next }
  }),
  "a result of the graph beside one of a kernel": write(({ w, m, x }) => ({
    w: tf.reshape(tf.matMul(tf.transpose(tf.reshape(x, [4, 5])), tf.ones([4, 3])), [5, 3]),
    m: tf.add(m, w)
  })),
  "a clipped gradient": write(({ x, w }) => {
    const g = gradient(x, w)
    return { w: tf.sub(w, tf.mul(g, tf.minimum(1, tf.div(1, tf.sqrt(tf.sum(tf.square(g))))))) }
  })
}

const values = <Name extends string>(
  spec: { readonly [name in Name]: { readonly dtype: "F32"; readonly shape: ReadonlyArray<number> } },
  seed: number
): Tensors<Name> => {
  const made: Record<string, TensorData> = {}
  const names: Array<string> = []
  for (const [name, { dtype, shape }] of Object.entries<{
    readonly dtype: "F32"
    readonly shape: ReadonlyArray<number>
  }>(spec)) {
    const size = shape.reduce((a, b) => a * b, 1)
    made[name] = {
      dtype,
      shape,
      data: Float32Array.from({ length: size }, (_, at) => Math.sin(seed + at * 7 + size))
    }
    names.push(name)
  }
  return exactly(made, names)
}

/** What three runs give out, and the state that they leave. */
const threeRuns = Effect.fnUntraced(function* (engine: EngineShape, step: Update) {
  const program = yield* engine.compile({ name: "update", inputs, state, step })
  yield* program.load(values(state, 1))
  const seen: Array<Tensors> = []
  for (const seed of [2, 3, 4]) seen.push(yield* program.run(values(inputs, seed)))
  seen.push(yield* program.read)
  return seen.flatMap((tensors) =>
    Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data, Number)] as const)
  )
}, Effect.scoped)

describe("updates outside the graph", () => {
  for (const [name, step] of Object.entries(updates)) {
    it.effect(`${name}: as the direct engine does`, () =>
      Effect.gen(function* () {
        const ours = yield* threeRuns(yield* onnxEngine({ threads: 1 }), step)
        const theirs = yield* threeRuns(yield* cpuEngine, step)
        assert.deepStrictEqual(ours.map(([key]) => key).sort(), theirs.map(([key]) => key).sort())
        for (const [at, [key, numbers]] of ours.entries())
          for (const [element, value] of numbers.entries())
            assert.closeTo(
              value,
              theirs.find(([other], place) => other === key && place === at)?.[1][element] ?? Number.NaN,
              1e-5 * (1 + Math.abs(value)),
              `${key} ${at}`
            )
      }).pipe(Effect.scoped)
    )
  }

  it("an optimiser's update is one kernel for each parameter, and the graph ends at the gradient", () => {
    const { updates: kernels, made } = compileStep(inputs, state, (tensors) =>
      updates["momentum and a rate"](exactly(tensors, Object.keys(tensors)))
    )
    assert.deepStrictEqual(
      kernels.map(({ results }) => [...results].sort()),
      [["m", "w"]]
    )
    assert.deepStrictEqual(
      Object.values(made).map(({ shape }) => shape.join()),
      ["5,3"]
    )
  })
})
