/**
 * The tensors of one program between its runs.
 *
 * ONNX Runtime gives every output as a new array. What it gives as state is what the next run reads; the array before is
 * given back at once, because the collector sees only its small wrapper and would let gigabytes of them gather.
 */
import type { Tensor as OrtTensor } from "onnxruntime-node"
import type { TensorArray, TensorData } from "../../artifact/tensor-data.ts"
import { misfit } from "../direct/tensors.ts"
import { elementTypes, tfTypes } from "../element.ts"
import type { Signature, TensorSpec, Tensors } from "../engine.ts"
import { inputName, outputName } from "./encode.ts"
import type { Session } from "./session.ts"
import { UnsupportedStep } from "./unsupported-step.ts"

type Ort = typeof import("onnxruntime-node")

export class Memory {
  readonly #ort: Ort
  readonly #session: Session
  readonly #inputs: Signature
  readonly #state: Signature
  /** What the next run reads. */
  #current: { [name: string]: OrtTensor } | undefined
  #open = true

  constructor(ort: Ort, session: Session, inputs: Signature, state: Signature) {
    this.#ort = ort
    this.#session = session
    this.#inputs = inputs
    this.#state = state
  }

  load(values: Tensors): void {
    this.#check(values, this.#state, "load all of the state, as the program was compiled for")
    const current: { [name: string]: OrtTensor } = {}
    for (const [name, spec] of Object.entries(this.#state)) {
      const data = values[name]?.data ?? new Float32Array(0)
      current[name] = this.#tensor(spec, data.slice())
    }
    this.#current = current
  }

  async run(values: Tensors): Promise<Tensors> {
    this.#check(values, this.#inputs, "give the inputs that the program was compiled for")
    const current = this.#loaded()
    const feeds: { [name: string]: OrtTensor } = {}
    for (const [name, spec] of Object.entries(this.#inputs)) {
      const value = values[name]
      if (value !== undefined) feeds[inputName(name)] = this.#tensor(spec, value.data)
    }
    for (const [name, tensor] of Object.entries(current)) feeds[inputName(name)] = tensor
    const made = await this.#session.inference.run(feeds)
    const outputs: { [name: string]: TensorData } = {}
    for (const [name, spec] of Object.entries(this.#session.compiled.outputs)) {
      const tensor = made[outputName(name)]
      if (tensor === undefined) throw new Error(`ONNX Runtime gave no output ${name}`)
      const before = current[name]
      if (before === undefined) outputs[name] = { ...spec, data: arrayOf(tensor) }
      else {
        giveBack(before)
        current[name] = tensor
      }
    }
    return outputs
  }

  read(): Tensors {
    const tensors: { [name: string]: TensorData } = {}
    for (const [name, tensor] of Object.entries(this.#loaded()))
      tensors[name] = {
        dtype: elementTypes[tfTypeOf(tensor.type)],
        shape: tensor.dims,
        data: arrayOf(tensor).slice()
      }
    return tensors
  }

  close(): void {
    this.#open = false
    this.#current = undefined
  }

  #loaded(): { [name: string]: OrtTensor } {
    this.#checkOpen()
    if (this.#current !== undefined) return this.#current
    const [first] = Object.keys(this.#state)
    if (first === undefined) return {}
    throw new UnsupportedStep(`its state \`${first}\` was never loaded`, "call `load` first")
  }

  #check(values: Tensors, signature: Signature, hint: string): void {
    this.#checkOpen()
    const problem = misfit(signature, values)
    if (problem !== undefined) throw new UnsupportedStep(problem, hint)
  }

  #checkOpen(): void {
    if (!this.#open)
      throw new UnsupportedStep("its scope is closed", "run a program in the scope that it was compiled in")
  }

  #tensor({ dtype, shape }: TensorSpec, data: TensorArray): OrtTensor {
    if (data instanceof Float64Array) throw new UnsupportedStep("a tensor is F64", "convert it to F32")
    return new this.#ort.Tensor(tfTypes[dtype], data, shape)
  }
}

/** Gives an array's memory back now: whoever still holds it finds it empty. */
const giveBack = (tensor: OrtTensor): void => {
  const { buffer } = arrayOf(tensor)
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const tfTypeOf = (type: string): keyof typeof elementTypes => {
  if (type === "float32" || type === "int32" || type === "bool") return type
  throw new Error(`ONNX Runtime gave a tensor of type ${type}`)
}

const arrayOf = ({ data }: OrtTensor): TensorArray => {
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) return data
  throw new Error("ONNX Runtime gave an array of another kind")
}
