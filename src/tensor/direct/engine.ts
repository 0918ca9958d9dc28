/**
 * The engines that call a step as it is, on one of TensorFlow.js's backends.
 *
 * State stays on the backend between runs. Whatever a run makes besides its outputs and the next state is gone when it
 * ends, so memory does not grow.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import type {
  CompileOptions,
  EngineFailure,
  EngineShape,
  Program,
  Signature,
  Tensors,
  Told
} from "../engine.ts"
import { exactly } from "../exactly.ts"
import { type Backend, useBackend } from "./backend.ts"
import { failureOf, Mistake } from "./failure.ts"
import { type AnyStep, callStep, type NamedTensors, outputsOnZeros, type StepOutputs } from "./step-call.ts"
import { misfit, toBackend, toMemory } from "./tensors.ts"

/** The engine on a backend that has been started. */
export const directEngine = (backend: Backend): EngineShape => {
  const outputsOf = rememberOutputs()
  const attempt = <A>(program: string, compute: () => A): Effect.Effect<A, EngineFailure> =>
    Effect.try({
      try: () => {
        useBackend(backend.registered)
        return compute()
      },
      catch: (cause) => failureOf(backend.info.name, program, cause)
    })

  const compile: EngineShape["compile"] = Effect.fnUntraced(function* <
    const Inputs extends Signature,
    Out extends string,
    const State extends Signature
  >(options: CompileOptions<Inputs, State, Out>) {
    type In = Extract<keyof Inputs, string>
    type Kept = Extract<keyof State, string>
    const { name, inputs } = options
    const state: Signature = options.state ?? {}
    const step: AnyStep = (tensors) =>
      options.step(exactly(tensors, [...Object.keys(inputs), ...Object.keys(state)]))
    const all = yield* attempt(name, () => outputsOf(options.step, step, inputs, state))
    const outputs = Object.fromEntries(
      Object.entries(all).filter(([output]) => !Object.hasOwn(state, output))
    )

    const held = new Map<string, tf.Tensor>()
    let open = true
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        open = false
        for (const tensor of held.values()) tensor.dispose()
        held.clear()
      })
    )

    const hold = (tensors: NamedTensors): void => {
      for (const [each, tensor] of Object.entries(tensors)) {
        held.get(each)?.dispose()
        held.set(each, tensor)
      }
    }

    const checkReady = (): void => {
      if (!open)
        throw new Mistake("its scope is closed", "run a program in the scope that it was compiled in")
      const absent = Object.keys(state).find((each) => !held.has(each))
      if (absent !== undefined)
        throw new Mistake(`its state \`${absent}\` was never loaded`, "call `load` first")
    }

    const load = (values: Tensors<Kept>) =>
      attempt(name, () => {
        if (!open) checkReady()
        const given: Tensors = values
        const problem = misfit(state, given)
        if (problem !== undefined)
          throw new Mistake(problem, "load all of the state, as the program was compiled for")
        hold(onBackend(state, given))
      })

    const advance = (values: Tensors) => {
      checkReady()
      const problem = misfit(inputs, values)
      if (problem !== undefined)
        throw new Mistake(problem, "give the inputs that the program was compiled for")
      const made = callStep(step, () => ({ ...onBackend(inputs, values), ...Object.fromEntries(held) }))
      const isState = ([each]: readonly [string, tf.Tensor]) => Object.hasOwn(state, each)
      hold(Object.fromEntries(Object.entries(made).filter(isState)))
      return Object.fromEntries(Object.entries(made).filter((entry) => !isState(entry)))
    }

    const run = (values: Tensors<In>) =>
      attempt(name, () => advance(values)).pipe(
        Effect.flatMap((made) => takeOut(made, true)),
        Effect.map((taken): Tensors<Told<Out, Kept>> => exactly(taken, Object.keys(outputs))),
        Effect.uninterruptible
      )

    const takeOut = (tensors: NamedTensors, dispose: boolean) =>
      backend.readsAtOnce
        ? attempt(name, () => readNow(tensors, dispose))
        : Effect.tryPromise({
            try: () => readLater(tensors, dispose),
            catch: (cause) => failureOf(backend.info.name, name, cause)
          })

    const read = attempt(name, () => {
      checkReady()
      return Object.fromEntries(held)
    }).pipe(
      Effect.flatMap((tensors) => takeOut(tensors, false)),
      Effect.map((taken): Tensors<Kept> => exactly(taken, Object.keys(state))),
      Effect.uninterruptible
    )

    return { outputs: exactly(outputs, Object.keys(outputs)), load, run, read } satisfies Program<
      In,
      Kept,
      Out
    >
  })

  return { info: backend.info, compile }
}

const onBackend = (signature: Signature, tensors: Tensors): NamedTensors => {
  const placed: Record<string, tf.Tensor> = {}
  for (const [name, spec] of Object.entries(signature)) {
    const tensor = tensors[name]
    if (tensor !== undefined) placed[name] = toBackend(spec, tensor.data)
  }
  return placed
}

const readNow = (tensors: NamedTensors, dispose: boolean): Tensors => {
  const taken: Record<string, TensorData> = {}
  for (const [name, tensor] of Object.entries(tensors)) {
    taken[name] = toMemory(tensor, tensor.dataSync())
    if (dispose) tensor.dispose()
  }
  return taken
}

const readLater = async (tensors: NamedTensors, dispose: boolean): Promise<Tensors> => {
  const values = await Promise.all(Object.values(tensors).map((tensor) => tensor.data()))
  const taken: Record<string, TensorData> = {}
  for (const [index, [name, tensor]] of Object.entries(tensors).entries()) {
    taken[name] = toMemory(tensor, values[index])
    if (dispose) tensor.dispose()
  }
  return taken
}

/** What a step returns for a signature: found once, because a caller may compile one step again for every epoch. */
const rememberOutputs = () => {
  const known = new WeakMap<object, Map<string, StepOutputs>>()
  return (key: object, step: AnyStep, inputs: Signature, state: Signature): StepOutputs => {
    const bySignature = known.get(key) ?? new Map<string, StepOutputs>()
    known.set(key, bySignature)
    const signature = JSON.stringify([inputs, state])
    const outputs = bySignature.get(signature) ?? outputsOnZeros(step, inputs, state)
    bySignature.set(signature, outputs)
    return outputs
  }
}
