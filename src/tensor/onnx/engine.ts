/** Engine `onnx`: steps are recorded once, and ONNX Runtime runs the recording. */
import { createRequire } from "node:module"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { InferenceSession } from "onnxruntime-node"
import { nvidiaGpuName } from "../direct/nvidia.ts"
import type { AnyStep } from "../direct/step-call.ts"
import type { CompileOptions, EngineInfo, EngineShape, Program, Signature, Tensors, Told } from "../engine.ts"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { exactly } from "../exactly.ts"
import { compileStep } from "./compile.ts"
import { cudaState } from "./cuda.ts"
import { failureOf } from "./failure.ts"
import { Memory } from "./memory.ts"
import { type Session, Sessions } from "./session.ts"

type Ort = typeof import("onnxruntime-node")

export interface OnnxOptions {
  /** How many cores one program may use. */
  readonly threads: number
  /** Where ONNX Runtime writes what each operation took; for benchmarks. */
  readonly profile?: string
}

/** The engine; on an NVIDIA GPU where that works. */
export const onnxEngine = Effect.fnUntraced(function* (options: OnnxOptions) {
  const ort = yield* load
  const onGpu = cudaState().state === "works" && (yield* canRunOnCuda(ort))
  const info: EngineInfo = {
    name: "onnx",
    device: onGpu ? (nvidiaGpuName() ?? "NVIDIA GPU") : "cpu",
    threads: options.threads,
    versions: {
      "onnxruntime-node": versionOf("onnxruntime-node"),
      "@tensorflow/tfjs-core": versionOf("@tensorflow/tfjs-core")
    }
  }
  return makeEngine(ort, info, options, onGpu)
})

/** Libraries may be there and not fit each other: the only sure test is a session. */
const canRunOnCuda = (ort: Ort) =>
  Effect.tryPromise(async () => {
    const x = { dtype: "F32", shape: [1] } as const
    const { model } = compileStep({ x }, {}, ({ x: one }) => ({ y: tf.add(one ?? 0, 1) }))
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ["cuda"],
      logSeverityLevel: 4
    })
    await session.release()
    return true
  }).pipe(Effect.orElseSucceed(() => false))

const load = Effect.tryPromise({
  try: () => import("onnxruntime-node"),
  catch: (error) =>
    new EngineUnavailable({
      engine: "onnx",
      reason: `onnxruntime-node could not be loaded: ${messageOf(error)}`,
      hint: "install it again: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node (it has native code for Linux, Windows and macOS on arm64)"
    })
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const versionOf = (name: string): string => {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`)
  return String(version)
}

const makeEngine = (
  ort: Ort,
  info: EngineInfo,
  { threads, profile }: OnnxOptions,
  onGpu: boolean
): EngineShape => {
  const sessions = new Sessions()
  const sessionOptions: InferenceSession.SessionOptions = {
    executionProviders: onGpu ? ["cuda", "cpu"] : ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    // Threads wait for work busily, which is right within a run; after it they would take the cores of the next program.
    extra: { session: { force_spinning_stop: "1" } },
    graphOptimizationLevel: "all",
    // Warnings are about graphs, which the user did not write; errors come as failures.
    logSeverityLevel: 4,
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile })
  }
  const makeSession = async (inputs: Signature, state: Signature, step: AnyStep): Promise<Session> => {
    const compiled = compileStep(inputs, state, step)
    return { compiled, inference: await ort.InferenceSession.create(compiled.model, sessionOptions) }
  }
  const compile: EngineShape["compile"] = Effect.fnUntraced(function* <
    const Inputs extends Signature,
    Out extends string,
    const State extends Signature
  >(options: CompileOptions<Inputs, State, Out>) {
    type In = Extract<keyof Inputs, string>
    type Kept = Extract<keyof State, string>
    const { name } = options
    const failure = (cause: unknown) => failureOf(name, cause)
    const inputs: Signature = options.inputs
    const state: Signature = options.state ?? {}
    const signature = { ...inputs, ...state }
    const step: AnyStep = (tensors) => options.step(exactly(tensors, Object.keys(signature)))
    const session = yield* sessions
      .get(options.step, inputs, state, () => makeSession(inputs, state, step))
      .pipe(Effect.mapError(failure))
    const memory = yield* Effect.try({ try: () => new Memory(ort, session, inputs, state), catch: failure })
    yield* Effect.addFinalizer(() => Effect.sync(() => memory.close()))

    const outputs = Object.fromEntries(
      Object.entries(session.compiled.outputs).filter(([output]) => !Object.hasOwn(state, output))
    )
    const load = (values: Tensors<Kept>) => Effect.try({ try: () => memory.load(values), catch: failure })
    const run = (values: Tensors<In>) =>
      Effect.tryPromise({ try: () => memory.run(values), catch: failure }).pipe(
        Effect.map((made): Tensors<Told<Out, Kept>> => exactly(made, Object.keys(outputs))),
        // ONNX Runtime cannot be stopped, and the state must not be half of one run and half of the next.
        Effect.uninterruptible
      )
    const read = Effect.try({
      try: (): Tensors<Kept> => exactly(memory.read(), Object.keys(state)),
      catch: failure
    })
    return { outputs: exactly(outputs, Object.keys(outputs)), load, run, read } satisfies Program<
      In,
      Kept,
      Out
    >
  })
  return { info, compile }
}
