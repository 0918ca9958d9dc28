/**
 * The tensors of one program between its runs.
 *
 * ONNX Runtime gives every output as a new array. What it gives as state is what the next run reads; the array before is
 * given back at once, because the collector sees only its small wrapper and would let gigabytes of them gather. State that
 * kernels update lies in their memory and stays there.
 */
import type { Tensor as OrtTensor } from "onnxruntime-node"
import type { TensorArray, TensorData } from "../../artifact/tensor-data.ts"
import { misfit } from "../direct/tensors.ts"
import { tfTypes } from "../element.ts"
import type { Signature, TensorSpec, Tensors } from "../engine.ts"
import { inputName, outputName } from "./encode.ts"
import type { Session } from "./session.ts"
import { UnsupportedStep } from "./unsupported-step.ts"
import { Updates } from "./update/updates.ts"

type Ort = typeof import("onnxruntime-node")

export class Memory {
  readonly #ort: Ort
  readonly #session: Session
  readonly #inputs: Signature
  readonly #state: Signature
  readonly #updates: Updates
  /** State as the next run reads it; `undefined` until it is loaded. */
  #current: Map<string, TensorArray> | undefined
  #open = true
  #isRunning = false

  constructor(ort: Ort, session: Session, inputs: Signature, state: Signature) {
    this.#ort = ort
    this.#session = session
    this.#inputs = inputs
    this.#state = state
    this.#updates = new Updates(session.compiled.updates)
  }

  /** Replaces all of the state by a copy of `values`. */
  load(values: Tensors): void {
    this.#check(values, this.#state, "load all of the state, as the program was compiled for")
    this.#checkIdle()
    const current = new Map<string, TensorArray>()
    for (const [name, { data }] of Object.entries(values)) {
      const place = this.#updates.stateAt(name)
      place?.set(data)
      current.set(name, place ?? copyOf(data))
    }
    this.#current = current
  }

  /** Runs the program once. The outputs are the caller's. */
  async run(values: Tensors): Promise<Tensors> {
    this.#check(values, this.#inputs, "give the inputs that the program was compiled for")
    const state = this.#loaded()
    this.#checkIdle()
    this.#isRunning = true
    try {
      return await this.#runOn(values, state)
    } finally {
      this.#isRunning = false
    }
  }

  async #runOn(values: Tensors, state: Map<string, TensorArray>): Promise<Tensors> {
    const made = await this.#session.inference.run(this.#feeds(values, state), this.#fetches())
    const { compiled } = this.#session
    const outputs: { [name: string]: TensorData } = {}
    const results = new Map(Object.keys(compiled.made).map((name) => [name, arrayOf(made[outputName(name)])]))
    this.#updates.run(
      (name) => values[name]?.data ?? state.get(name),
      (name) => results.get(name)
    )
    for (const [name, data] of results) {
      const spec = compiled.outputs[name]
      if (spec !== undefined && !state.has(name)) outputs[name] = { ...spec, data }
      else this.#keep(state, name, data)
    }
    return outputs
  }

  /** Takes what ONNX Runtime gave as state, or as something for a kernel. */
  #keep(state: Map<string, TensorArray>, name: string, data: TensorArray): void {
    const place = this.#updates.stateAt(name)
    const before = state.get(name)
    if (before === undefined) giveBack(data)
    else if (place !== undefined) {
      place.set(data)
      giveBack(data)
    } else {
      giveBack(before)
      state.set(name, data)
    }
  }

  #feeds(values: Tensors, state: ReadonlyMap<string, TensorArray>): { [name: string]: OrtTensor } {
    const feeds: { [name: string]: OrtTensor } = {}
    for (const name of this.#session.compiled.inputs) {
      const spec = this.#inputs[name] ?? this.#state[name]
      const data = values[name]?.data ?? state.get(name)
      if (spec !== undefined && data !== undefined) feeds[inputName(name)] = this.#tensor(spec, data)
    }
    return feeds
  }

  /** Where outputs go that are for kernels alone: into their memory. */
  #fetches(): { [name: string]: OrtTensor | null } {
    const fetches: { [name: string]: OrtTensor | null } = {}
    for (const [name, spec] of Object.entries(this.#session.compiled.made)) {
      const place = this.#updates.madeAt(name)
      fetches[outputName(name)] = place === undefined ? null : this.#tensor(spec, place)
    }
    return fetches
  }

  /** A copy of the state. */
  read(): Tensors {
    const tensors: { [name: string]: TensorData } = {}
    const state = this.#loaded()
    for (const [name, spec] of Object.entries(this.#state)) {
      const data = state.get(name)
      if (data !== undefined) tensors[name] = { ...spec, data: data.slice() }
    }
    return tensors
  }

  /** Lets go of the state; nothing can be run any more. */
  close(): void {
    this.#open = false
    this.#current = undefined
  }

  #loaded(): Map<string, TensorArray> {
    this.#checkOpen()
    const [first] = Object.keys(this.#state)
    if (this.#current === undefined && first !== undefined)
      throw new UnsupportedStep(`its state \`${first}\` was never loaded`, "call `load` first")
    return this.#current ?? new Map()
  }

  #check(values: Tensors, signature: Signature, hint: string): void {
    this.#checkOpen()
    const problem = misfit(signature, values)
    if (problem !== undefined) throw new UnsupportedStep(problem, hint)
  }

  /** The next run reads what this one leaves, and the state before is gone when it ends. */
  #checkIdle(): void {
    if (this.#isRunning)
      throw new UnsupportedStep(
        "another run of it has not ended",
        "wait for a run, or compile the step twice"
      )
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

/** The memory of a copy is given back later. Slices of a `Buffer`, which is a Uint8Array too, are no copies. */
const copyOf = (data: TensorArray): TensorArray =>
  data instanceof Uint8Array ? new Uint8Array(data) : data.slice()

/** Gives an array's memory back now: whoever still holds it finds it empty. */
const giveBack = ({ buffer }: TensorArray): void => {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const arrayOf = (tensor: OrtTensor | undefined): TensorArray => {
  const data = tensor?.data
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array) return data
  throw new Error("ONNX Runtime gave no such array")
}
