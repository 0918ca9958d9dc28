/** A stage under test: run on values at hand, on the first engine that works, with nothing stored and nothing fetched. */
import { Effect, Layer, Scope } from "effect"
import type { AnyKind, ValueOf } from "./artifact/kind.ts"
import { DataSource, DataUnavailable } from "./data/data-source.ts"
import { Checkpoint } from "./stage/checkpoint.ts"
import type { InputSpec } from "./stage/node.ts"
import { Metrics, Progress } from "./stage/services.ts"
import type { ParamsSchema, Stage, Values } from "./stage/stage.ts"
import { Engine } from "./tensor/engine.ts"
import { lazyEngine } from "./tensor/lazy-engine.ts"
import { startedEngine } from "./tensor/started-engine.ts"

export interface StageResult<Value> {
  readonly value: Value
  /** What the stage logged, the last value under each name. */
  readonly metrics: { readonly [name: string]: number }
}

/**
 * Runs a stage once. The promise is rejected with the stage's own failure.
 *
 * @param params as a pipeline passes them
 */
export const runStage = <
  I extends { readonly [input: string]: InputSpec },
  P extends ParamsSchema,
  O extends AnyKind
>(
  stage: Stage<I, P, O>,
  inputs: Values<I>,
  params: P["Type"]
): Promise<StageResult<ValueOf<O>>> => {
  const metrics = new Map<string, number>()
  const services = Layer.mergeAll(
    Layer.succeed(Metrics, { log: (name, value) => Effect.sync(() => void metrics.set(name, value)) }),
    Layer.effect(
      Engine,
      lazyEngine(startedEngine("auto", 1), () => {})
    ),
    Layer.succeed(Progress, { report: () => Effect.void }),
    // It is never closed: the test may still read from the value.
    Layer.effect(Scope.Scope, Scope.make()),
    Layer.succeed(Checkpoint, {
      latest: () => Effect.undefined,
      write: () => Effect.void,
      offer: () => Effect.void,
      keepPart: () => Effect.succeed(true),
      part: () => Effect.undefined,
      due: Effect.succeed(false)
    }),
    Layer.succeed(DataSource, {
      file: (dataset, { name }) => new DataUnavailable({ dataset, file: name, tried: [] })
    })
  )
  return stage.execute(inputs, stage.meta.encodeParams(params)).pipe(
    Effect.map((value) => ({ value, metrics: Object.fromEntries(metrics) })),
    Effect.provide(services),
    Effect.runPromise
  )
}
