/** The training step, compiled for each batch size that occurs: the full one, and that of an epoch's last batch. */
import { Effect, Scope } from "effect"
import { Engine, type EngineFailure, type Program, type Tensors } from "../engine.ts"
import { type StepOptions, trainingInputs, trainingState, trainingStep } from "./step.ts"

/** Programs that share one state: it moves to the program that runs next. */
export interface TrainingPrograms {
  /** Trains on `batch` examples. */
  readonly run: (batch: number, inputs: Tensors) => Effect.Effect<Tensors, EngineFailure>
  readonly read: Effect.Effect<Tensors, EngineFailure>
}

type StepProgram = Program<string, string, string>

export const trainingPrograms = (
  options: StepOptions,
  first: Tensors
): Effect.Effect<TrainingPrograms, never, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const scope = yield* Effect.scope
    const state = trainingState(options)
    const step = trainingStep(options)
    const programs = new Map<number, StepProgram>()
    /** The program that has the state; before the first run it is in `first`. */
    let holder: StepProgram | undefined
    /** What `read` gave since the last run. */
    let latest: Tensors | undefined

    const programFor = Effect.fnUntraced(function* (batch: number) {
      const known = programs.get(batch)
      if (known !== undefined) return known
      const name = `train ${options.network.name}, batch ${batch}`
      const program = yield* engine
        .compile({ name, inputs: trainingInputs(options, batch), state, step })
        .pipe(Scope.provide(scope))
      programs.set(batch, program)
      return program
    })

    const read = Effect.suspend(() => {
      if (latest !== undefined || holder === undefined) return Effect.succeed(latest ?? first)
      return Effect.tap(holder.read, (state) => Effect.sync(() => (latest = state)))
    })
    const run = Effect.fnUntraced(function* (batch: number, inputs: Tensors) {
      const program = yield* programFor(batch)
      if (holder !== program) {
        yield* program.load(yield* read)
        holder = program
      }
      latest = undefined
      return yield* program.run(inputs)
    })
    return { run, read }
  })
