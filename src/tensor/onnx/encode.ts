/**
 * A graph as the bytes of an ONNX model.
 *
 * The messages are those of onnx.proto3, as far as they are needed here.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */
import protobuf from "protobufjs/light.js"
import type { Attribute, ConstantData, Graph, Node, Spec, Value, ValueType } from "./graph.ts"

const field = (id: number, type: string, rule?: "repeated") => ({ id, type, ...(rule && { rule }) })

const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: field(1, "int64"),
        producerName: field(2, "string"),
        graph: field(7, "Graph"),
        opsetImport: field(8, "Opset", "repeated")
      }
    },
    Opset: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
    Graph: {
      fields: {
        node: field(1, "Node", "repeated"),
        name: field(2, "string"),
        initializer: field(5, "Tensor", "repeated"),
        input: field(11, "ValueInfo", "repeated"),
        output: field(12, "ValueInfo", "repeated")
      }
    },
    Node: {
      fields: {
        input: field(1, "string", "repeated"),
        output: field(2, "string", "repeated"),
        name: field(3, "string"),
        opType: field(4, "string"),
        attribute: field(5, "Attribute", "repeated"),
        domain: field(7, "string")
      }
    },
    Attribute: {
      fields: {
        name: field(1, "string"),
        f: field(2, "float"),
        i: field(3, "int64"),
        s: field(4, "bytes"),
        ints: field(8, "int64", "repeated"),
        type: field(20, "int32")
      }
    },
    Tensor: {
      fields: {
        dims: field(1, "int64", "repeated"),
        dataType: field(2, "int32"),
        name: field(8, "string"),
        rawData: field(9, "bytes")
      }
    },
    ValueInfo: { fields: { name: field(1, "string"), type: field(2, "Type") } },
    Type: { fields: { tensorType: field(1, "TensorType") } },
    TensorType: { fields: { elemType: field(1, "int32"), shape: field(2, "TensorShape") } },
    TensorShape: { fields: { dim: field(1, "Dimension", "repeated") } },
    Dimension: { fields: { dimValue: field(1, "int64") } }
  }
})
const Model = schema.lookupType("Model")

/** ONNX's numbers for element types. */
const elementTypes: { readonly [type in ValueType]: number } = { float32: 1, int32: 6, int64: 7, bool: 9 }

/** Operator sets 17 of ONNX and 1 of ONNX Runtime's own: every operation that is used keeps its form in them. */
const opsets = [
  { domain: "", version: 17 },
  { domain: "com.microsoft", version: 1 }
]

/** @param graph without macros */
export const encode = (graph: Graph): Uint8Array => {
  const nodes = graph.ordered()
  const outputs = new Map([...graph.outputs].map(([name, value]) => [value, name]))
  const taken = new Set<Value>(graph.inputs)
  const constants = new Set<Value>()
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
    if (value?.source._tag === "Constant") constants.add(value)
  for (const constant of constants) taken.add(constant)

  // An output that is an input, a constant, or a second name of another output needs a node of its own.
  const nameOf = (value: Value): string => {
    if (value.source._tag === "Input") return inputName(value.source.name)
    const output = taken.has(value) ? undefined : outputs.get(value)
    return output === undefined ? `v${value.id}` : outputName(output)
  }
  const copies = [...graph.outputs].flatMap(([name, value]) =>
    nameOf(value) === outputName(name)
      ? []
      : [{ opType: "Identity", input: [nameOf(value)], output: [outputName(name)] }]
  )
  const message = {
    irVersion: 8,
    producerName: "advpipe",
    opsetImport: opsets,
    graph: {
      name: "step",
      node: [...nodes.map((node) => nodeMessage(node, nameOf)), ...copies],
      initializer: [...constants].map((value) => tensorMessage(value, nameOf(value))),
      input: usedInputs(graph).map((value) => ({ name: nameOf(value), type: typeMessage(value) })),
      output: [...graph.outputs].map(([name, value]) => ({
        name: outputName(name),
        type: typeMessage(value)
      }))
    }
  }
  return Model.encode(Model.fromObject(message)).finish()
}

/** Inputs that a node or an output reads. The others are not the model's. */
export const usedInputs = (graph: Graph): ReadonlyArray<Value> => {
  const used = new Set([...graph.ordered().flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
  return graph.inputs.filter((input) => used.has(input))
}

/** Input and output of one name are two values of the graph: a state before and after. */
export const inputName = (name: string): string => `in.${name}`
export const outputName = (name: string): string => `out.${name}`

const typeMessage = ({ type, shape }: Spec) => ({
  tensorType: {
    elemType: elementTypes[type],
    shape: { dim: shape.map((dimValue) => ({ dimValue })) }
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
