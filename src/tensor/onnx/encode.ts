/** A graph as the bytes of an ONNX model. */
import {
  type Attribute,
  anyNumber,
  type ConstantData,
  type Graph,
  type Node,
  type Spec,
  type Value,
  type ValueType
} from "./graph.ts"
import { modelMessage } from "./onnx-file.ts"

/** ONNX's numbers for element types. */
const elementTypes: { readonly [type in ValueType]: number } = { float32: 1, int32: 6, int64: 7, bool: 9 }

/** Operator sets 17 of ONNX and 1 of ONNX Runtime's own: every operation that is used keeps its form in them. */
const opsets = [
  { domain: "", version: 17 },
  { domain: "com.microsoft", version: 1 }
]

/** How inputs and outputs are called in the model. */
interface ModelNames {
  readonly input: (name: string) => string
  readonly output: (name: string) => string
}

/** Input and output of one name are two values of the graph: a state before and after. */
export const inputName = (name: string): string => `in.${name}`
export const outputName = (name: string): string => `out.${name}`

/** @param graph without macros */
export const encode = (
  graph: Graph,
  names: ModelNames = { input: inputName, output: outputName }
): Uint8Array => {
  const nodes = graph.ordered()
  const outputs = new Map([...graph.outputs].map(([name, value]) => [value, name]))
  const taken = new Set<Value>(graph.inputs)
  const constants = new Set<Value>()
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
    if (value?.source._tag === "Constant") constants.add(value)
  for (const constant of constants) taken.add(constant)

  // An output that is an input, a constant, or a second name of another output needs a node of its own.
  const nameOf = (value: Value): string => {
    if (value.source._tag === "Input") return names.input(value.source.name)
    const output = taken.has(value) ? undefined : outputs.get(value)
    return output === undefined ? `v${value.id}` : names.output(output)
  }
  const copies = [...graph.outputs].flatMap(([name, value]) =>
    nameOf(value) === names.output(name)
      ? []
      : [{ opType: "Identity", input: [nameOf(value)], output: [names.output(name)] }]
  )
  const message = {
    irVersion: 8,
    producerName: "advpipe",
    opsetImport: opsets.filter(
      ({ domain }) => domain === "" || nodes.some(({ op }) => op.startsWith(`${domain}:`))
    ),
    graph: {
      name: "step",
      node: [...nodes.map((node) => nodeMessage(node, nameOf)), ...copies],
      initializer: [...constants].map((value) => tensorMessage(value, nameOf(value))),
      input: usedInputs(graph).map((value) => ({ name: nameOf(value), type: typeMessage(value) })),
      output: [...graph.outputs].map(([name, value]) => ({
        name: names.output(name),
        type: typeMessage(value)
      }))
    }
  }
  return modelMessage().encode(modelMessage().fromObject(message)).finish()
}

/** Inputs that a node or an output reads. The others are not the model's. */
export const usedInputs = (graph: Graph): ReadonlyArray<Value> => {
  const used = new Set([...graph.ordered().flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
  return graph.inputs.filter((input) => used.has(input))
}

const typeMessage = ({ type, shape }: Spec) => ({
  tensorType: {
    elemType: elementTypes[type],
    shape: {
      dim: shape.map((dimValue) => (dimValue === anyNumber ? { dimParam: "n" } : { dimValue }))
    }
  }
})

const nodeMessage = (node: Node, nameOf: (value: Value) => string) => {
  const [domain, opType] = node.op.includes(":") ? node.op.split(":") : ["", node.op]
  return {
    opType,
    domain,
    name: `${opType}_${node.outputs[0]?.id ?? 0}`,
    input: node.inputs.map((value) => (value === undefined ? "" : nameOf(value))),
    output: node.outputs.map(nameOf),
    attribute: Object.entries(node.attributes).map(attributeMessage)
  }
}

const attributeMessage = ([name, value]: readonly [string, Attribute]) => {
  if (typeof value === "string") return { name, type: 3, s: Buffer.from(value) }
  if (typeof value === "number") return { name, type: 2, i: value }
  if ("float" in value) return { name, type: 1, f: value.float }
  return { name, type: 7, ints: [...value] }
}

const tensorMessage = (value: Value, name: string) => {
  if (value.source._tag !== "Constant") throw new Error(`${name} is no constant`)
  return {
    name,
    dims: [...value.shape],
    dataType: elementTypes[value.type],
    rawData: bytesOf(value.source.data)
  }
}

const bytesOf = (data: ConstantData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
