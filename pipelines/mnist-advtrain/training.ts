/** Settings of the trainings. */
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import { trainingOptions } from "../shared/training-options.ts"
import type { Params } from "./params.ts"

/** Images per run of a network that is not trained. Other sizes are other programs, which may round otherwise. */
export const evaluationBatch = 50

const changed: Partial<TrainingOptions> = {
  // A batch of one example has no variance for batch normalisation, and a last batch may be one.
  lastBatch: "drop",
  evaluationBatchSize: evaluationBatch
}

/** Adam, as the study trains. */
export const options = ({ training }: Pick<Params, "training">, epochs: number): TrainingOptions =>
  trainingOptions(training, epochs, changed)

/** Trainings on the fly gain their last points while the rate falls. */
export const annealed = ({ training, onTheFly }: Params, epochs: number): TrainingOptions =>
  trainingOptions({ ...training, learningRate: onTheFly.learningRate, schedule: "cosine" }, epochs, changed)
