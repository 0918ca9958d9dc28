/**
 * The door through which all tensor maths goes.
 *
 * A _step_ is a pure function from named tensors to named tensors, written in plain TensorFlow.js. An engine compiles it
 * for fixed shapes, and runs it: by recording it once and running the recording (`onnx`), or by calling it (the others).
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect, Schema, type Scope } from "effect"
import type { TensorData } from "../artifact/tensor-data.ts"

/** The engines, under the names that `--engine` takes. */
export const EngineName = Schema.Literals(["onnx", "tfjs-node-gpu", "webgpu", "wasm", "cpu"])
export type EngineName = typeof EngineName.Type

/** What a tensor in memory looks like to a step: F32 is TensorFlow.js's `float32`, I32 its `int32`, U8 its `bool`. */
export type ElementType = "F32" | "I32" | "U8"

export interface TensorSpec {
  readonly dtype: ElementType
  readonly shape: ReadonlyArray<number>
}

/** Names, types and shapes of a step's tensors. */
export type Signature = { readonly [name: string]: TensorSpec }

/** Tensors in memory, by name. */
export type Tensors<Name extends string = string> = { readonly [name in Name]: TensorData }

/** Tensors inside a step, by name. */
export type StepTensors<Name extends string = string> = { readonly [name in Name]: tf.Tensor }

/**
 * A pure function of its tensors. Randomness, if any, comes in as an input. It may not look at values (`dataSync`), which
 * do not exist yet while it is recorded.
 */
export type Step<In extends string = string, Out extends string = string> = (
  tensors: StepTensors<In>
) => StepTensors<Out>

export interface CompileOptions<Inputs extends Signature, State extends Signature, Out extends string> {
  /** What the program is called in errors and profiles. */
  readonly name: string
  /** What comes in with every run. */
  readonly inputs: Inputs
  /**
   * What stays with the program from run to run: parameters, optimiser slots, statistics. The step sees it among its
   * tensors; an output of the same name becomes the state that the next run sees; what has no such output never changes.
   */
  readonly state?: State
  readonly step: (
    // Not one record of both: where the state's names are not known, those of the inputs still are.
    tensors: StepTensors<Extract<keyof Inputs, string>> & StepTensors<Extract<keyof State, string>>
  ) => StepTensors<Out>
}

/** The outputs that are no new state. Where the state's names are not known, any output may be one of them. */
export type Told<Out extends string, State extends string> = string extends State ? Out : Exclude<Out, State>

/**
 * A compiled step. The program belongs to the scope it was compiled in.
 *
 * Runs of one program must not overlap.
 */
export interface Program<In extends string, State extends string, Out extends string> {
  /** Type and shape of each output, as found when the step was compiled. State is not among them. */
  readonly outputs: { readonly [name in Told<Out, State>]: TensorSpec }
  /** Replaces all of the state. Must come before the first run of a program that has state. The arrays are copied. */
  readonly load: (state: Tensors<State>) => Effect.Effect<void, EngineFailure>
  /** Runs the step once. The outputs are new arrays that belong to the caller. */
  readonly run: (inputs: Tensors<In>) => Effect.Effect<Tensors<Told<Out, State>>, EngineFailure>
  /** A copy of the state as the last run left it. */
  readonly read: Effect.Effect<Tensors<State>, EngineFailure>
}

/** What computed a result, for its record. None of it is part of a cache key. */
export const EngineInfo = Schema.Struct({
  name: EngineName,
  /** `cpu`, or the accelerator's name. */
  device: Schema.String,
  /** How many cores one program uses at most. */
  threads: Schema.Int,
  /** Versions of the libraries that compute, by their package's name. */
  versions: Schema.Record(Schema.String, Schema.String)
})
export type EngineInfo = typeof EngineInfo.Type

export interface EngineShape {
  readonly info: EngineInfo
  /**
   * Compiles a step for fixed shapes. A step that reads a value, changes the shape of its state, or needs a kernel that
   * this engine does not have, fails here, before anything is computed. Compiling the same `step` function again with the
   * same signature is cheap.
   */
  readonly compile: <
    const Inputs extends Signature,
    Out extends string,
    const State extends Signature = { readonly [name in never]: TensorSpec }
  >(
    options: CompileOptions<Inputs, State, Out>
  ) => Effect.Effect<
    Program<Extract<keyof Inputs, string>, Extract<keyof State, string>, Out>,
    EngineFailure,
    Scope.Scope
  >
}

/** Runs tensor maths. Stages may require it; the worker provides the one that the command line chose. */
export class Engine extends Context.Service<Engine, EngineShape>()("pipeline/tensor/Engine") {}

/** Maths that an engine could not do. */
export class EngineFailure extends Schema.TaggedError<EngineFailure>()("EngineFailure", {
  engine: EngineName,
  /** The program's name. */
  program: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `engine ${this.engine}: program \`${this.program}\`: ${this.reason}`
  }
}
