/** Where a stage stood when it was cut short, for the process that computes it next. */
import { Context, Effect, type Schema } from "effect"
import type { TensorData } from "../artifact/tensor-data.ts"

/** A place in a stage's computation and all that is needed to go on from it. */
export interface CheckpointValue {
  /** How far it is: a whole number from 0 that grows, such as a count of steps. Of several checkpoints the furthest counts. */
  readonly position: number
  /** Everything but tensors. */
  readonly progress: Schema.Json
  readonly tensors: ReadonlyMap<string, TensorData>
}

export interface CheckpointShape {
  /**
   * The furthest checkpoint that is whole and that `fits`; `undefined` when the stage runs for the first time.
   *
   * Checkpoints are of this very computation: same code, inputs and params, but for the params that the stage declares in
   * `checkpoint.continues`, which may have any value. What such a param was then must be told by `progress`, and `fits`
   * must turn away what is of no use for its present value.
   */
  readonly latest: (fits: (progress: Schema.Json) => boolean) => Effect.Effect<CheckpointValue | undefined>
  /**
   * Keeps a checkpoint. It is on the disk when this returns. A disk that refuses is logged and fails nothing: the stage goes on
   * without.
   */
  readonly write: (checkpoint: CheckpointValue) => Effect.Effect<void>
  /** The same, unless the last one is so young that writing another would cost more than one percent of the time. */
  readonly offer: (checkpoint: CheckpointValue) => Effect.Effect<void>
  /**
   * Keeps a part of the result itself, for a stage whose state is what it has made so far. `position` says where the part
   * begins. The parts stay, all of them, until the stage has succeeded. A stage that keeps parts keeps nothing else.
   *
   * @returns whether the disk took it; what comes after a part that is missing is of no use
   */
  readonly keepPart: (part: CheckpointValue) => Effect.Effect<boolean>
  /** The part that begins at a position, if it was kept and is whole. */
  readonly part: (position: number) => Effect.Effect<CheckpointValue | undefined>
  /** Whether it is time for one: so long after the last one, or the beginning, that more should not be lost. */
  readonly due: Effect.Effect<boolean>
}

/**
 * Checkpoints of the stage that runs. A stage that goes on from one must end with the same bytes as if it had never stopped.
 *
 * When the stage has succeeded they are removed; if it declares `checkpoint.continues`, the furthest one stays, so that the same
 * computation with a larger param goes on from there.
 */
export class Checkpoint extends Context.Service<Checkpoint, CheckpointShape>()("pipeline/stage/Checkpoint") {
  static readonly latest = (fits: (progress: Schema.Json) => boolean = () => true) =>
    Effect.flatMap(Checkpoint, ({ latest }) => latest(fits))
  static readonly write = (checkpoint: CheckpointValue) =>
    Effect.flatMap(Checkpoint, ({ write }) => write(checkpoint))
  static readonly offer = (checkpoint: CheckpointValue) =>
    Effect.flatMap(Checkpoint, ({ offer }) => offer(checkpoint))
  static readonly due = Effect.flatMap(Checkpoint, ({ due }) => due)
}
