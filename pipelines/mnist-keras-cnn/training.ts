/** The study's network, and how it is trained. */
import type { TrainingOptions } from "../../src/tensor/train/options.ts"
import { adam, trainingOptions } from "../shared/training-options.ts"
import type { Params } from "./params.ts"

export const network = "keras-cnn"

/** Adam with Keras' defaults. The study's code has Adam, its text SGD. */
export const kerasOptions = ({ training }: Pick<Params, "training">, epochs: number): TrainingOptions =>
  trainingOptions(training, epochs, { optimiser: { ...adam, epsilon: 1e-7 } })
