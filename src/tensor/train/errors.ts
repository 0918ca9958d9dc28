/** What can go wrong with a training, apart from the engine and the data. */
import { Schema } from "effect"

/** The loss or a weight is no longer a finite number. */
export class TrainingDiverged extends Schema.TaggedError<TrainingDiverged>()("TrainingDiverged", {
  network: Schema.String,
  /** From 1. */
  epoch: Schema.Int,
  /** Within the epoch, from 1. */
  step: Schema.Int,
  /** What is not finite, and what it is: `the training loss is NaN`. */
  what: Schema.String,
  learningRate: Schema.Finite
}) {
  override get message() {
    return `training of \`${this.network}\` diverged in epoch ${this.epoch}, step ${this.step}: ${this.what} at a learning rate of ${this.learningRate}`
  }
  get hint() {
    return "lower the learning rate, warm it up over the first epochs, or limit the gradient with `clipNorm`"
  }
}

/** A dataset that a network cannot take. */
export class DataMismatch extends Schema.TaggedError<DataMismatch>()("DataMismatch", {
  network: Schema.String,
  dataset: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `\`${this.dataset}\` does not fit network \`${this.network}\`: ${this.reason}`
  }
}

/** A training that makes no sense as it was asked for. */
export class BadTraining extends Schema.TaggedError<BadTraining>()("BadTraining", {
  network: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `training of \`${this.network}\`: ${this.reason}`
  }
}

/** A checkpoint that does not belong to the training that was to be resumed. */
export class BadCheckpoint extends Schema.TaggedError<BadCheckpoint>()("BadCheckpoint", {
  network: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `training of \`${this.network}\` cannot be resumed: ${this.reason}`
  }
  get hint() {
    return "start without the checkpoint, or with the settings and the data that it was written under"
  }
}
