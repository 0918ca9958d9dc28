/**
 * Records a step.
 *
 * A backend of TensorFlow.js that computes nothing: a kernel call adds operations to a graph. Whatever the step does in
 * TypeScript (loops, conditions on shapes, gradients) has happened when it returns; what is left is the graph.
 */
import * as tf from "@tensorflow/tfjs-core"
import "#tfjs-gradients"
import type { AnyStep } from "../direct/step-call.ts"
import { tfTypes } from "../element.ts"
import type { Signature } from "../engine.ts"
import { type ConstantData, Graph, type Value } from "./graph.ts"
import { Call, type Lowering, typeOf } from "./lowering.ts"
import { lowerings } from "./lowerings.ts"
import { UnsupportedStep } from "./unsupported-step.ts"

const backendName = "onnx-recorder"

/** A graph, and what tensors stand for in it. A tensor of one recording means nothing in another. */
class Recording {
  readonly graph = new Graph()
  readonly values = new WeakMap<object, Value>()
}

/** Where tensors are values of a graph. */
class Recorder extends tf.KernelBackend {
  #current: Recording | undefined

  /**
   * Everything recorded until the next call goes to `recording`.
   *
   * @returns where it went before
   */
  recordTo(recording: Recording | undefined): Recording | undefined {
    const before = this.#current
    this.#current = recording
    return before
  }

  get #recording(): Recording {
    if (this.#current === undefined)
      throw new UnsupportedStep("it computes outside its own call", "make it a pure function")
    return this.#current
  }

  get graph(): Graph {
    return this.#recording.graph
  }

  /** A tensor that stands for a value. */
  hold(value: Value): tf.TensorInfo {
    const dataId = {}
    this.#recording.values.set(dataId, value)
    if (value.type === "int64") throw new Error("TensorFlow.js has no int64")
    return { dataId, shape: [...value.shape], dtype: value.type }
  }

  recorded({ dataId, shape, dtype }: tf.TensorInfo): Value {
    const { graph, values } = this.#recording
    const known = values.get(dataId)
    if (known !== undefined) return known
    // A tensor from outside the step: it becomes a constant.
    const value = graph.constant(constantData(tf.engine().readSync(dataId), dtype), shape)
    values.set(dataId, value)
    return value
  }

  override write(values: tf.BackendValues, shape: Array<number>, dtype: tf.DataType): object {
    return this.hold(this.graph.constant(constantData(values, dtype), shape)).dataId
  }

  override move(dataId: object, values: tf.BackendValues, shape: Array<number>, dtype: tf.DataType): void {
    this.#recording.values.set(dataId, this.graph.constant(constantData(values, dtype), shape))
  }

  override readSync(dataId: object): never {
    const value = this.#current?.values.get(dataId)
    if (value === undefined)
      throw new UnsupportedStep(
        "it uses a tensor that was made in another call of a step",
        "make it a pure function: what one step gives another goes out of the one and into the other"
      )
    const made = value.source._tag === "Node" ? `a result of ${value.source.node.op}` : "an input"
    throw new UnsupportedStep(
      `it reads the value of a tensor (${made}, shape [${value.shape.join(", ")}]), which does not exist while it is recorded`,
      "compute with tensors throughout (tf.where, tf.gather), or give the value to the step as an output"
    )
  }

  override async read(dataId: object): Promise<never> {
    return this.readSync(dataId)
  }

  override disposeData(): boolean {
    return true
  }
  override incRef(): void {}
  override refCount(): number {
    return 1
  }
  override numDataIds(): number {
    return 0
  }
  override floatPrecision(): 32 {
    return 32
  }
  override epsilon(): number {
    return 1e-7
  }
}

const constantData = (values: tf.BackendValues, dtype: tf.DataType): ConstantData => {
  const type = typeOf(dtype)
  const numbers = Array.from(values, Number)
  if (type === "float32") return Float32Array.from(numbers)
  return type === "int32" ? Int32Array.from(numbers) : Uint8Array.from(numbers)
}

const recorder = new Recorder()

const register = (kernelName: string, lowering: Lowering): void =>
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const values: { [name: string]: Value | undefined } = {}
      for (const [name, tensor] of Object.entries(inputs))
        if (tensor != null) values[name] = recorder.recorded(tensor)
      const result = lowering(new Call(recorder.graph, kernelName, values, attrs ?? {}))
      return "id" in result ? recorder.hold(result) : result.map((value) => recorder.hold(value))
    }
  })

if (tf.findBackendFactory(backendName) === null) {
  tf.registerBackend(backendName, () => recorder, -1)
  for (const [kernel, lowering] of Object.entries(lowerings)) register(kernel, lowering)
}

/**
 * Runs a step once, without numbers.
 *
 * @returns the graph, whose inputs are `signature`'s and whose outputs are the step's
 * @throws UnsupportedStep if the step reads a value or uses a kernel that has no lowering
 */
export const record = (signature: Signature, step: AnyStep): Graph => {
  const recording = new Recording()
  const { graph } = recording
  const before = tf.engine().backendName
  const around = recorder.recordTo(recording)
  void tf.setBackend(backendName)
  tf.engine().startScope()
  try {
    const inputs: { [name: string]: tf.Tensor } = {}
    for (const [name, { dtype, shape }] of Object.entries(signature)) {
      const value = graph.input(name, { type: tfTypes[dtype], shape })
      inputs[name] = tf.engine().makeTensorFromTensorInfo(recorder.hold(value))
    }
    const returned = step(inputs)
    if (returned instanceof Promise)
      throw new UnsupportedStep("it is asynchronous", "a step is a plain function: wait before or after it")
    for (const [name, tensor] of Object.entries(returned)) {
      if (!(tensor instanceof tf.Tensor))
        throw new UnsupportedStep(`what it returns as \`${name}\` is no tensor`, "return tensors alone")
      graph.output(name, recorder.recorded(tensor))
    }
    return graph
  } catch (error) {
    throw missingKernel(error) ?? error
  } finally {
    tf.engine().endScope()
    recorder.recordTo(around)
    if (before) void tf.setBackend(before)
  }
}

const missingKernel = (error: unknown): UnsupportedStep | undefined => {
  const kernel =
    error instanceof Error ? /^Kernel '(\w+)' not registered/.exec(error.message)?.[1] : undefined
  if (kernel === undefined) return undefined
  const others = ["tensorflow", "webgpu", "wasm", "cpu"].filter(
    (backend) => tf.getKernel(kernel, backend) !== undefined
  )
  const named =
    others.length === 0
      ? "cpu"
      : others.map((name) => (name === "tensorflow" ? "tfjs-node-gpu" : name)).join(", ")
  return new UnsupportedStep(
    `engine onnx has no kernel \`${kernel}\``,
    `write the step without it, or use an engine that has it: --engine ${named}`
  )
}
