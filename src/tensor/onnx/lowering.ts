/** What a kernel of TensorFlow.js becomes: a small function for each, in the families of the folder `lowering`. */
import type { Graph, Value, ValueType } from "./graph.ts"
import { UnsupportedStep } from "./unsupported-step.ts"

/** A kernel's call, as it is recorded. */
export class Call {
  readonly graph: Graph
  readonly kernel: string
  readonly #inputs: { readonly [name: string]: Value | undefined }
  readonly #attributes: { readonly [name: string]: unknown }

  constructor(
    graph: Graph,
    kernel: string,
    inputs: { readonly [name: string]: Value | undefined },
    attributes: { readonly [name: string]: unknown }
  ) {
    this.graph = graph
    this.kernel = kernel
    this.#inputs = inputs
    this.#attributes = attributes
  }

  input(name: string): Value {
    return this.#inputs[name] ?? this.#missing(`input ${name}`)
  }

  optional(name: string): Value | undefined {
    return this.#inputs[name]
  }

  /** All inputs, of kernels that take a list. */
  list(): ReadonlyArray<Value> {
    return Object.values(this.#inputs).flatMap((value) => (value === undefined ? [] : [value]))
  }

  number(name: string, otherwise?: number): number {
    const value = this.#attributes[name] ?? otherwise
    return typeof value === "number" ? value : this.#missing(name)
  }

  numbers(name: string): ReadonlyArray<number> {
    const value = this.#attributes[name]
    if (typeof value === "number") return [value]
    return isNumbers(value) ? value : this.#missing(name)
  }

  /** Like `numbers`; `undefined` where the attribute is absent. */
  someNumbers(name: string): ReadonlyArray<number> | undefined {
    return this.#attributes[name] == null ? undefined : this.numbers(name)
  }

  flag(name: string): boolean {
    return this.#attributes[name] === true
  }

  text(name: string, otherwise?: string): string {
    const value = this.#attributes[name] ?? otherwise
    return typeof value === "string" ? value : this.#missing(name)
  }

  /** An attribute of any other form. */
  raw(name: string): unknown {
    return this.#attributes[name]
  }

  type(name: string, otherwise?: ValueType): ValueType {
    return typeOf(this.text(name, otherwise))
  }

  #missing(what: string): never {
    throw new UnsupportedStep(`kernel \`${this.kernel}\` came without its ${what}`, "please report it")
  }
}

const isNumbers = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((element) => typeof element === "number")

/** A type of TensorFlow.js as one of a graph. */
export const typeOf = (dtype: string): ValueType => {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype
  throw new UnsupportedStep(
    `it has a tensor of type ${dtype}, which engine onnx does not compute with`,
    "use float32, int32 or bool"
  )
}

export type Lowering = (call: Call) => Value | ReadonlyArray<Value>
export type Lowerings = { readonly [kernel: string]: Lowering }
