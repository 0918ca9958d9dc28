/** What is asked of a training, and what it gives. */
import type { Effect } from "effect"
import type { Dataset, DatasetError } from "../../artifact/kinds/dataset.ts"
import type { EpochMetrics } from "../../artifact/kinds/model-history.ts"
import type { TensorData } from "../../artifact/tensor-data.ts"
import type { EngineFailure, Tensors } from "../engine.ts"
import type { Network } from "../network/index.ts"
import type { Checkpoint } from "./checkpoint.ts"
import type { BadCheckpoint, BadTraining, DataMismatch, TrainingDiverged } from "./errors.ts"
import type { BatchPosition, Objective } from "./objective.ts"
import type { TrainingOptions } from "./options.ts"

/** A batch on its way into the step. */
export interface Batch {
  /** `[n, height, width, channels]` in [0, 1]. The next batch overwrites it. */
  readonly images: Float32Array
  /** `[n]`. The next batch overwrites it. */
  readonly labels: Int32Array
  readonly position: BatchPosition
  /** Reads the network's present parameters and statistics. A copy: it costs time in proportion to them. */
  readonly weights: Effect.Effect<Tensors, EngineFailure>
}

export interface Training<E = never, R = never> {
  readonly network: Network
  /** The first parameters and statistics, by name: from `initialise`, or those of a model that is trained further. */
  readonly weights: ReadonlyMap<string, TensorData>
  readonly data: Dataset
  readonly validation?: Dataset | undefined
  readonly options: TrainingOptions
  /** Bytes that the images of each set may take in memory; larger sets are read in blocks, which changes the shuffle. */
  readonly memoryBudget?: number
  /** What to minimise instead of `options.loss`, which is then not used. */
  readonly objective?: Objective
  /**
   * Changes a batch's images before the step sees them: augmentation, or an attack that is a program of its own. Returns as many
   * images as came. A function of the batch alone, or a resumed training differs from an uninterrupted one.
   */
  readonly transform?: (batch: Batch) => Effect.Effect<Float32Array, E, R>
  /** Called when an epoch is over. Epochs of the training that is resumed are not told again. */
  readonly onEpoch?: (metrics: EpochMetrics) => Effect.Effect<void, E, R>
  /** Called after each step, with examples: those of all epochs together. */
  readonly onProgress?: (done: number, total: number) => Effect.Effect<void, E, R>
  readonly checkpoint?: {
    /** Asked after each step within an epoch: whether it is time for another checkpoint. */
    readonly due?: Effect.Effect<boolean, E, R>
    /** Called when one is due, and at the end of every epoch. */
    readonly write: (checkpoint: Checkpoint) => Effect.Effect<void, E, R>
  }
  /** Goes on from here instead of `weights`. */
  readonly resume?: Checkpoint | undefined
}

export interface Trained {
  /** Parameters and statistics by name: the last epoch's, or the best one's where early stopping restores it. */
  readonly weights: ReadonlyMap<string, TensorData>
  readonly history: ReadonlyArray<EpochMetrics>
  /** The epoch, from 1, whose weights these are. */
  readonly epoch: number
  /** Whether early stopping ended it before the last epoch. */
  readonly stopped: boolean
  /** The end, from which a longer training goes on. */
  readonly checkpoint: Checkpoint
}

export type TrainingError =
  | BadCheckpoint
  | BadTraining
  | DataMismatch
  | DatasetError
  | EngineFailure
  | TrainingDiverged
