/** Products of matrices. */
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import { broadcast, product, reshape, sizeOf, stackedProduct, transpose } from "../ops.ts"

const swapLast = (call: Call, x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  const [row, column] = axes.splice(-2)
  return transpose(call.graph, x, column === undefined || row === undefined ? axes : [...axes, column, row])
}

export const matMul = (call: Call, a: Value, b: Value): Value => {
  const { graph } = call
  const transposeA = call.flag("transposeA")
  const transposeB = call.flag("transposeB")
  const stack = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (sizeOf(stack) === 1) {
    // TensorFlow.js makes stacks of one out of plain matrices.
    const plain = product(graph, reshape(graph, a, a.shape.slice(-2)), reshape(graph, b, b.shape.slice(-2)), {
      transposeA,
      transposeB
    })
    return reshape(graph, plain, [...stack, ...plain.shape])
  }
  return stackedProduct(graph, transposeA ? swapLast(call, a) : a, transposeB ? swapLast(call, b) : b)
}

export const products: Lowerings = {
  BatchMatMul: (call) => matMul(call, call.input("a"), call.input("b"))
}
