/**
 * An ONNX graph while it is being made.
 *
 * Values are immutable, and every value knows its type and shape. Asking twice for the same operation on the same values
 * gives the same value, so that a graph never holds one computation twice.
 *
 * Besides ONNX's operations there are _macros_, whose names begin with `@`: a convolution, a pool, their gradients. Passes
 * rearrange them while they can still be recognised; then each is expanded into operations.
 */
import { hash } from "node:crypto"

/** Element types, under ONNX's names. */
export type ValueType = "float32" | "int32" | "int64" | "bool"

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array

export type Attribute = number | string | ReadonlyArray<number> | { readonly float: number }
export type Attributes = { readonly [name: string]: Attribute }

export type Shape = ReadonlyArray<number>

/** A length that is known only when the model runs. What this program runs itself has none of it. */
export const anyNumber = -1

export interface Spec {
  readonly type: ValueType
  readonly shape: Shape
}

export interface Value extends Spec {
  readonly id: number
  readonly source:
    | { readonly _tag: "Input"; readonly name: string }
    | { readonly _tag: "Constant"; readonly data: ConstantData }
    | { readonly _tag: "Node"; readonly node: Node }
}

/** An operation, or a macro with the object that describes it. */
export interface Node {
  readonly op: string
  /** `undefined` stands for an optional input that is left out. */
  readonly inputs: ReadonlyArray<Value | undefined>
  readonly attributes: Attributes
  /** What a macro must know beyond attributes. Two macros are the same only if they share the object. */
  readonly macro: object | undefined
  readonly outputs: ReadonlyArray<Value>
}

export class Graph {
  readonly inputs: Array<Value> = []
  readonly outputs = new Map<string, Value>()
  readonly #nodes = new Map<string, Node>()
  readonly #constants = new Map<string, Value>()
  readonly #macros = new Map<object, number>()
  #count = 0

  input(name: string, spec: Spec): Value {
    const value: Value = { ...spec, id: this.#count++, source: { _tag: "Input", name } }
    this.inputs.push(value)
    return value
  }

  constant(data: ConstantData, shape: Shape = [data.length]): Value {
    const type = typeOf(data)
    const key = `${type} ${shape.join()} ${data.length > 16 ? digestOf(data) : hexOf(data)}`
    const known = this.#constants.get(key)
    if (known !== undefined) return known
    const value: Value = { type, shape, id: this.#count++, source: { _tag: "Constant", data } }
    this.#constants.set(key, value)
    return value
  }

  /** An operation with one output. */
  op(
    op: string,
    inputs: ReadonlyArray<Value | undefined>,
    spec: Spec,
    attributes: Attributes = {},
    macro?: object
  ): Value {
    return only(this.node(op, inputs, [spec], attributes, macro).outputs)
  }

  node(
    op: string,
    inputs: ReadonlyArray<Value | undefined>,
    specs: ReadonlyArray<Spec>,
    attributes: Attributes = {},
    macro?: object
  ): Node {
    const key = JSON.stringify([
      op,
      inputs.map((value) => value?.id ?? null),
      attributes,
      specs.map(({ type, shape }) => [type, shape]),
      macro === undefined ? null : this.#numberOf(macro)
    ])
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const outputs: Array<Value> = []
    const node: Node = { op, inputs, attributes, macro, outputs }
    for (const { type, shape } of specs)
      outputs.push({ type, shape, id: this.#count++, source: { _tag: "Node", node } })
    this.#nodes.set(key, node)
    return node
  }

  #numberOf(macro: object): number {
    const number = this.#macros.get(macro) ?? this.#macros.size
    this.#macros.set(macro, number)
    return number
  }

  output(name: string, value: Value): void {
    this.outputs.set(name, value)
  }

  /** The nodes that the outputs need, each after those it needs. */
  ordered(): ReadonlyArray<Node> {
    const done = new Set<Node>()
    const order: Array<Node> = []
    // A stack of its own: an unrolled attack is deeper than the call stack.
    const stack: Array<{ readonly node: Node; readonly ready: boolean }> = []
    const ask = (value: Value | undefined): void => {
      if (value?.source._tag === "Node" && !done.has(value.source.node))
        stack.push({ node: value.source.node, ready: false })
    }
    for (const value of this.outputs.values()) {
      ask(value)
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        if (done.has(top.node)) continue
        if (top.ready) {
          done.add(top.node)
          order.push(top.node)
          continue
        }
        stack.push({ node: top.node, ready: true })
        for (const input of [...top.node.inputs].reverse()) ask(input)
      }
    }
    return order
  }

  /** For each value, the nodes that read it. */
  readers(): ReadonlyMap<Value, ReadonlyArray<Node>> {
    const readers = new Map<Value, Array<Node>>()
    for (const node of this.ordered()) {
      for (const input of new Set(node.inputs)) {
        if (input === undefined) continue
        const list = readers.get(input)
        if (list === undefined) readers.set(input, [node])
        else list.push(node)
      }
    }
    return readers
  }
}

const hexOf = ({ buffer, byteOffset, byteLength }: ConstantData): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("hex")

const digestOf = ({ buffer, byteOffset, byteLength }: ConstantData): string =>
  hash("sha256", new Uint8Array(buffer, byteOffset, byteLength))

const typeOf = (data: ConstantData): ValueType => {
  if (data instanceof Float32Array) return "float32"
  if (data instanceof Int32Array) return "int32"
  return data instanceof Uint8Array ? "bool" : "int64"
}

export const only = <A>(list: ReadonlyArray<A>): A => {
  const [first] = list
  if (first === undefined || list.length !== 1) throw new Error(`one was expected, not ${list.length}`)
  return first
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

/** The node that makes a value, if it is one of `op`. */
export const madeBy = (value: Value | undefined, op: string): Node | undefined =>
  value?.source._tag === "Node" && value.source.node.op === op ? value.source.node : undefined

/** Thresholds and factors are written as one number, or as one for each channel; more are not worth a look. */
const mostLooked = 64

/** The value of a small constant whose elements are all equal. */
export const uniformConstant = (value: Value | undefined): number | undefined => {
  if (value?.source._tag !== "Constant" || value.type === "int64") return undefined
  const { data } = value.source
  const first = data[0]
  return typeof first === "number" && data.length <= mostLooked && data.every((element) => element === first)
    ? first
    : undefined
}
