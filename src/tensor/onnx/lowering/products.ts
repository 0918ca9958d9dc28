/** Products of matrices. */
import { backend_util } from "@tensorflow/tfjs-core"
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import { broadcast, product, reshape, sizeOf, stackedProduct, transpose } from "../ops.ts"
import { biasAndActivation } from "./activation.ts"

const swapLast = (call: Call, x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  const [row, column] = axes.splice(-2)
  return transpose(call.graph, x, column === undefined || row === undefined ? axes : [...axes, column, row])
}

const matMul = (call: Call): Value => {
  const { graph } = call
  const [a, b] = [call.input("a"), call.input("b")]
  const transposeA = call.flag("transposeA")
  const transposeB = call.flag("transposeB")
  const stack = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  // ONNX Runtime's `Gemm`, which takes transposed operands, is for floats alone.
  if (sizeOf(stack) === 1 && a.type === "float32") {
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
  BatchMatMul: matMul,
  _FusedMatMul: (call) => biasAndActivation(call, matMul(call)),

  Einsum: (call) => {
    const tensors = call.list()
    const equation = call.text("equation").replaceAll(" ", "")
    const { allDims, idDims, summedDims } = backend_util.decodeEinsumEquation(equation, tensors.length)
    const shape = Array<number>(allDims.length - summedDims.length).fill(1)
    for (const [at, tensor] of tensors.entries())
      for (const [axis, dim] of (idDims[at] ?? []).entries())
        if (dim < shape.length) shape[dim] = tensor.shape[axis] ?? 1
    return call.graph.op("Einsum", tensors, { type: tensors[0]?.type ?? "float32", shape }, { equation })
  }
}
