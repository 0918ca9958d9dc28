/** Products of matrices. */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { agree } from "./agree.ts"
import { a, floats, noGradient, sums, whole } from "./case.ts"
import { size } from "./shapes.ts"

const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const

const sizes = fc.record({
  m: size,
  k: size,
  n: size,
  stack: size,
  deep: size,
  left: fc.boolean(),
  right: fc.boolean()
})

const turned = (flag: boolean, rows: number, columns: number): [number, number] =>
  flag ? [columns, rows] : [rows, columns]

describe("products are those of TensorFlow.js", () => {
  it.effect("of matrices and of stacks of them, transposed or not", () =>
    agree(
      sizes,
      ({ m, k, n, stack, deep, left, right }) => {
        const [x, y] = [turned(left, m, k), turned(right, k, n)]
        return [
          a("matrices", { x: floats(x), y: floats(y) }, (t) => tf.matMul(t.x, t.y, left, right), sums),
          a(
            "stacks",
            { x: floats([stack, ...x]), y: floats([stack, ...y]) },
            (t) => tf.matMul(t.x, t.y, left, right),
            sums
          ),
          a(
            "a stack by one",
            { x: floats([stack, ...x]), y: floats([1, ...y]) },
            (t) => tf.matMul(t.x, t.y, left, right),
            { ...sums, ...noGradient }
          ),
          a(
            "stacks of stacks",
            { x: floats([deep, stack, ...x]), y: floats([deep, stack, ...y]) },
            (t) => tf.matMul(t.x, t.y, left, right),
            sums
          ),
          a(
            "a stack by a matrix",
            { x: floats([stack, ...x]), y: floats(y) },
            (t) => tf.matMul(t.x, t.y, left, right),
            { ...sums, ...noGradient }
          ),
          a("integers", { x: whole(x, -9, 9), y: whole(y, -9, 9) }, (t) => tf.matMul(t.x, t.y, left, right)),
          a("dot", { x: floats([k]), y: floats([k]) }, (t) => tf.dot(t.x, t.y), sums),
          a("outerProduct", { x: floats([m]), y: floats([n]) }, (t) => tf.outerProduct(t.x, t.y))
        ]
      },
      14
    )
  )

  it.effect("with bias and activation", () =>
    agree(sizes, ({ m, k, n, left, right }) =>
      activations.flatMap((activation) => [
        a(
          `fused ${activation}`,
          {
            x: floats(turned(left, m, k)),
            y: floats(turned(right, k, n)),
            bias: floats([n]),
            slopes: floats([n])
          },
          (t) =>
            tf.fused.matMul({
              a: t.x,
              b: t.y,
              transposeA: left,
              transposeB: right,
              bias: t.bias,
              activation,
              leakyreluAlpha: 0.3,
              ...(activation === "prelu" ? { preluActivationWeights: t.slopes } : {})
            }),
          { ...sums, gradient: false }
        ),
        a(
          `fused ${activation} without bias`,
          { x: floats([m, k]), y: floats([k, n]), slopes: floats([n]) },
          (t) =>
            tf.fused.matMul({
              a: t.x,
              b: t.y,
              activation,
              ...(activation === "prelu" ? { preluActivationWeights: t.slopes } : {})
            }),
          { ...sums, ...noGradient }
        )
      ])
    )
  )

  it.effect("written in Einstein's notation", () =>
    agree(sizes, ({ m, k, n, stack }) => [
      a("ij,jk->ik", { x: floats([m, k]), y: floats([k, n]) }, (t) => tf.einsum("ij,jk->ik", t.x, t.y), {
        ...sums,
        ...noGradient
      }),
      a(
        "bij, bjk -> bki",
        { x: floats([stack, m, k]), y: floats([stack, k, n]) },
        (t) => tf.einsum("bij, bjk -> bki", t.x, t.y),
        { ...sums, ...noGradient }
      ),
      a("ij->j", { x: floats([m, k]) }, (t) => tf.einsum("ij->j", t.x), { ...sums, ...noGradient }),
      a("i,i->", { x: floats([m]), y: floats([m]) }, (t) => tf.einsum("i,i->", t.x, t.y), {
        ...sums,
        ...noGradient
      })
    ])
  )
})
