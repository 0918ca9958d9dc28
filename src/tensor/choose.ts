/**
 * Finds an engine that works on this machine, and starts it.
 *
 * No engine is loaded before it is asked for: TensorFlow.js alone takes longer to load than most stages take to run.
 */
import { Effect, type Scope } from "effect"
import { hasNvidiaGpu } from "./direct/nvidia.ts"
import type { EngineName, EngineShape } from "./engine.ts"
import { type EngineChoice, type EngineReport, engineText } from "./engine-choice.ts"
import { EngineUnavailable } from "./engine-unavailable.ts"

/** An engine, and in words why it is this one. */
export interface Chosen {
  readonly engine: EngineShape
  readonly because: string
}

type Start = (threads: number) => Effect.Effect<EngineShape, EngineUnavailable, Scope.Scope>

const starts: { readonly [name in EngineName]: Start } = {
  onnx: (threads) =>
    Effect.flatMap(
      load(() => import("./onnx/engine.ts")),
      ({ onnxEngine }) => onnxEngine({ threads })
    ),
  "tfjs-node-gpu": (threads) =>
    Effect.flatMap(
      load(() => import("./direct/tfjs-node.ts")),
      ({ tfjsNodeEngine }) => tfjsNodeEngine(threads)
    ),
  webgpu: () =>
    Effect.flatMap(
      load(() => import("./direct/webgpu.ts")),
      ({ webgpuEngine }) => webgpuEngine
    ),
  wasm: () =>
    Effect.flatMap(
      load(() => import("./direct/wasm.ts")),
      ({ wasmEngine }) => wasmEngine
    ),
  cpu: () =>
    Effect.flatMap(
      load(() => import("./direct/cpu.ts")),
      ({ cpuEngine }) => cpuEngine
    )
}

/** This program's own modules: one that cannot be loaded is a broken installation, and no engine's fault. */
const load = <A>(module: () => Promise<A>) => Effect.promise(module)

/** What `auto` tries, best first. */
const preferred = ["tfjs-node-gpu", "onnx", "wasm", "cpu"] as const

/**
 * Starts the engine that is wanted, or the first one that works. It is stopped with the scope.
 *
 * @param threads how many cores its programs may use
 */
export const startEngine = (
  choice: EngineChoice,
  threads: number
): Effect.Effect<Chosen, EngineUnavailable, Scope.Scope> =>
  choice === "auto"
    ? startFirst(threads)
    : Effect.map(starts[choice](threads), (engine) => ({
        engine,
        because: `engine ${engineText(engine.info)}, as asked`
      }))

const startFirst = Effect.fnUntraced(function* (threads: number) {
  const passed: Array<string> = []
  for (const name of preferred) {
    const found = yield* startOf(name, threads).pipe(
      Effect.catch((error) => {
        passed.push(`${error.engine}: ${error.reason}`)
        return name === "cpu" ? Effect.fail(error) : Effect.succeed(undefined)
      })
    )
    if (found === undefined) continue
    const because = `engine ${engineText(found.info)}, the first that works${passed.map((each) => `; ${each}`).join("")}`
    return { engine: found, because } satisfies Chosen
  }
  return yield* Effect.die(new Error("the engine cpu neither started nor failed"))
})

/** As `auto` wants it: libtensorflow is taken for its GPU alone, and not even loaded where there is none. */
const startOf = Effect.fnUntraced(function* (name: EngineName, threads: number) {
  if (name !== "tfjs-node-gpu") return yield* starts[name](threads)
  const noGpu = (reason: string) =>
    new EngineUnavailable({ engine: name, reason, hint: "see `pipeline doctor`" })
  if (!hasNvidiaGpu()) return yield* noGpu("no NVIDIA GPU here")
  const engine = yield* starts[name](threads)
  return engine.info.device === "cpu" ? yield* noGpu("its libraries see no GPU") : engine
})

/** Tries every engine. It takes seconds where there are accelerators, and loads all that there is: for a process of its own. */
export const probeEngines = (threads: number): Effect.Effect<ReadonlyArray<EngineReport>> =>
  Effect.forEach(["onnx", "tfjs-node-gpu", "webgpu", "wasm", "cpu"] as const, (name) =>
    Effect.scoped(starts[name](threads)).pipe(
      Effect.map(({ info }): EngineReport => ({ state: "works", name, info })),
      Effect.catch(({ reason, hint }) =>
        Effect.succeed<EngineReport>({ state: "missing", name, reason, hint })
      )
    )
  )
