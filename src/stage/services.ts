/** Everything that a stage may touch besides its inputs and params. Whatever is not here, it cannot yield. */
import { Context, Effect, type Scope } from "effect"
import type { DataSource } from "../data/data-source.ts"
import type { Engine } from "../tensor/engine.ts"
import type { Checkpoint } from "./checkpoint.ts"

/** Numbers that a stage logs while it runs: curves and results. They are kept with the artifact, not in it. */
export class Metrics extends Context.Service<
  Metrics,
  { readonly log: (name: string, value: number, step?: number) => Effect.Effect<void> }
>()("pipeline/stage/Metrics") {
  /** Logs `value` under a `snake_case` name; `step` counts whatever the stage counts (images, batches, epochs). */
  static readonly log = (name: string, value: number, step?: number) =>
    Effect.flatMap(Metrics, (metrics) => metrics.log(name, value, step))
}

/** How far a stage is. It draws the bar, the rate and the time left, and changes no result. */
export class Progress extends Context.Service<
  Progress,
  { readonly report: (done: number, total: number, unit: string) => Effect.Effect<void> }
>()("pipeline/stage/Progress") {
  /** Says that `done` of `total` units (`images`, `epochs`) are finished. Cheap: call it as often as you like. */
  static readonly report = (done: number, total: number, unit: string) =>
    Effect.flatMap(Progress, (progress) => progress.report(done, total, unit))
}

/**
 * What a stage's `run` may require. Effect's own logging needs nothing: it goes to the run's journal. The scope is open until
 * the artifact is written, so what a lazy value is made with may live in it.
 */
export type StageServices = Metrics | Progress | DataSource | Engine | Checkpoint | Scope.Scope

/** What a stage's `run` may fail with. */
export type StageFailure = { readonly _tag: string; readonly message: string }
