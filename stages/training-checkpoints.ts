/** Ties the trainer's checkpoints to the stage's, for all stages that train. */
import { Effect, Option, Schema } from "effect"
import { Checkpoint } from "../src/stage/index.ts"
import { isExtendable } from "../src/tensor/schedule/index.ts"
import {
  type Checkpoint as Trainer,
  type TrainingOptions,
  TrainingProgress
} from "../src/tensor/train/index.ts"

/** The params that a training's checkpoints do not depend on, for a stage with `options: TrainingOptions`. */
export const continuesEpochs = { continues: ["options.epochs"] } as const

const progressCodec = Schema.toCodecJson(TrainingProgress)
const decodeProgress = Schema.decodeUnknownOption(progressCodec)
const encodeProgress = Schema.encodeEffect(progressCodec)

/**
 * What `train` takes as `resume` and `checkpoint`.
 *
 * A checkpoint is of the very same training, but perhaps with other epochs: it is of use if it does not go further, and if its
 * epochs were what they are now or the schedule does not depend on them.
 *
 * @param examples how many there are to train on
 */
export const trainingCheckpoints = Effect.fnUntraced(function* (options: TrainingOptions, examples: number) {
  const service = yield* Checkpoint
  const stepsPerEpoch = Math.ceil(examples / options.batchSize)
  const saved = yield* service.latest((progress) =>
    Option.match(decodeProgress(progress), {
      onNone: () => false,
      onSome: (found) => isOfUse(found, options)
    })
  )
  const progress = decodeProgress(saved?.progress)
  const resume =
    saved === undefined || progress._tag === "None"
      ? undefined
      : { progress: progress.value, tensors: saved.tensors }
  if (resume !== undefined) {
    const { epoch, step } = resume.progress
    yield* Effect.logInfo(
      `goes on from a checkpoint: ${epoch} of ${options.epochs} epochs are done, and ${step} steps of the next`
    )
  }

  const write = Effect.fnUntraced(function* ({ progress, tensors }: Trainer) {
    const { epoch, step, stopped } = progress
    const position = epoch * stepsPerEpoch + step
    const value = { position, progress: yield* Effect.orDie(encodeProgress(progress)), tensors }
    // A longer training goes on from the end.
    yield* stopped || epoch === options.epochs ? service.write(value) : service.offer(value)
  })
  return { resume, checkpoint: { due: service.due, write } }
})

const isOfUse = ({ epoch, step, options: then }: TrainingProgress, now: TrainingOptions): boolean =>
  (epoch < now.epochs || (epoch === now.epochs && step === 0)) &&
  (then.epochs === now.epochs || isExtendable(now.schedule))
