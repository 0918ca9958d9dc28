/** Expands macros into operations of ONNX. */

import { convolution, filterGradient, imageGradient } from "./expand/convolution.ts"
import {
  averagePool,
  averagePoolGradient,
  maxPool,
  maxPoolGradient,
  windowGradient
} from "./expand/pooling.ts"
import type { Graph, Node, Value } from "./graph.ts"
import { rebuild } from "./rebuild.ts"
import type { Windows } from "./windows.ts"

export const expand = (graph: Graph): Graph =>
  rebuild(graph, (node, { graph: made, now }) => {
    if (!node.op.startsWith("@")) return undefined
    const inputs = node.inputs.flatMap((value) => (value === undefined ? [] : [now(value)]))
    return [expanded(made, node, inputs)]
  })

const expanded = (graph: Graph, node: Node, inputs: ReadonlyArray<Value>): Value => {
  const [a, b, c] = inputs
  const { macro } = node
  if (a === undefined) throw new Error(`${node.op} came without input`)
  if (node.op === "@WindowGradient" && b !== undefined && c !== undefined)
    return windowGradient(graph, a, b, c)
  if (!isWindows(macro)) throw new Error(`${node.op} came without its geometry`)
  if (node.op === "@MaxPool") return maxPool(graph, a, macro)
  if (node.op === "@AveragePool") return averagePool(graph, a, macro)
  if (node.op === "@AveragePoolGradient") return averagePoolGradient(graph, a, macro)
  if (b === undefined) throw new Error(`${node.op} came without its second input`)
  if (node.op === "@Conv") return convolution(graph, a, b, macro, c, false)
  if (node.op === "@ConvRelu") return convolution(graph, a, b, macro, c, true)
  if (node.op === "@ConvFilterGradient")
    return filterGradient(graph, a, b, macro, node.outputs[0]?.shape ?? [])
  if (node.op === "@ConvImageGradient") return imageGradient(graph, a, b, macro)
  if (node.op === "@MaxPoolGradient" && c !== undefined) return maxPoolGradient(graph, a, b, c, macro)
  throw new Error(`there is no macro ${node.op}`)
}

const isWindows = (macro: object | undefined): macro is Windows =>
  macro !== undefined && "inputPixels" in macro
