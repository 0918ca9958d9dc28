/** Expands macros into operations of ONNX. */

import { convolution, filterGradient, imageGradient } from "./expand/convolution.ts"
import {
  averagePool,
  averagePoolGradient,
  maxPool,
  maxPoolGradient,
  windowGradient
} from "./expand/pooling.ts"
import type { Graph, Node, Shape, Value } from "./graph.ts"
import { rebuild } from "./rebuild.ts"
import { isWindows, type Windows } from "./windows.ts"

export const expand = (graph: Graph): Graph =>
  rebuild(graph, (node, { graph: made, now }) => {
    if (!node.op.startsWith("@")) return undefined
    const expansion = expansions[node.op]
    if (expansion === undefined) throw new Error(`there is no macro ${node.op}`)
    const inputs = node.inputs.map((value) => (value === undefined ? undefined : now(value)))
    return [expansion(new Macro(made, node, inputs))]
  })

/** A macro on its way into operations. */
class Macro {
  readonly graph: Graph
  readonly #node: Node
  readonly #inputs: ReadonlyArray<Value | undefined>

  constructor(graph: Graph, node: Node, inputs: ReadonlyArray<Value | undefined>) {
    this.graph = graph
    this.#node = node
    this.#inputs = inputs
  }

  input(at: number): Value {
    return this.#inputs[at] ?? this.#missing(`input ${at}`)
  }

  optional(at: number): Value | undefined {
    return this.#inputs[at]
  }

  get windows(): Windows {
    const { macro } = this.#node
    return isWindows(macro) ? macro : this.#missing("geometry")
  }

  /** Of the result. */
  get shape(): Shape {
    return this.#node.outputs[0]?.shape ?? this.#missing("result")
  }

  #missing(what: string): never {
    throw new Error(`${this.#node.op} came without its ${what}`)
  }
}

const convolve = (macro: Macro, rectify: boolean): Value =>
  convolution(macro.graph, macro.input(0), macro.input(1), macro.windows, macro.optional(2), rectify)

const expansions: { readonly [op: string]: (macro: Macro) => Value } = {
  "@Conv": (macro) => convolve(macro, false),
  "@ConvRelu": (macro) => convolve(macro, true),
  "@ConvFilterGradient": (macro) =>
    filterGradient(macro.graph, macro.input(0), macro.input(1), macro.windows, macro.shape),
  "@ConvImageGradient": (macro) => imageGradient(macro.graph, macro.input(0), macro.input(1), macro.windows),
  "@MaxPool": (macro) => maxPool(macro.graph, macro.input(0), macro.windows),
  "@MaxPoolGradient": (macro) =>
    maxPoolGradient(macro.graph, macro.input(0), macro.input(1), macro.input(2), macro.windows),
  "@WindowGradient": (macro) => windowGradient(macro.graph, macro.input(0), macro.input(1), macro.input(2)),
  "@AveragePool": (macro) => averagePool(macro.graph, macro.input(0), macro.windows),
  "@AveragePoolGradient": (macro) => averagePoolGradient(macro.graph, macro.input(0), macro.windows)
}
