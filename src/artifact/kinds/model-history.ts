/** How a model was trained: what each epoch of its training was like. */
import { Schema } from "effect"

/** What an epoch was like. */
export const EpochMetrics = Schema.Struct({
  /** From 1. */
  epoch: Schema.Int,
  /** Of the epoch's last step. */
  learningRate: Schema.Finite,
  /** The mean over the epoch's examples of the loss, each as its step met it, without `l1` and `l2`. */
  trainingLoss: Schema.Finite,
  /** Likewise: in training mode, on the images that the objective made. */
  trainingAccuracy: Schema.Finite,
  /** Mean cross-entropy, in evaluation mode, after the epoch. `null` without validation data. */
  validationLoss: Schema.NullOr(Schema.Finite),
  validationAccuracy: Schema.NullOr(Schema.Finite)
})
export type EpochMetrics = typeof EpochMetrics.Type

/** No training may have more epochs, so that every history can be kept. */
export const mostEpochs = 100_000

/** The epochs of one training, all of them and in their order. */
export const TrainingHistory = Schema.Array(EpochMetrics).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(mostEpochs),
  Schema.makeFilter((epochs) => {
    const place = epochs.findIndex(({ epoch }, index) => epoch !== index + 1)
    return place === -1
      ? undefined
      : { path: [place, "epoch"], issue: `is ${epochs[place]?.epoch} in the place of ${place + 1}` }
  })
)
export type TrainingHistory = typeof TrainingHistory.Type

/** An epoch's numbers under the names that they are logged by, without those that it does not have. */
export const namedMetrics = ({
  trainingLoss,
  trainingAccuracy,
  learningRate,
  validationLoss,
  validationAccuracy
}: EpochMetrics): ReadonlyArray<readonly [name: string, value: number]> =>
  (
    [
      ["training_loss", trainingLoss],
      ["training_accuracy", trainingAccuracy],
      ["learning_rate", learningRate],
      ["validation_loss", validationLoss],
      ["validation_accuracy", validationAccuracy]
    ] as const
  ).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))

/** A history as curves: pairs of epoch and value by the names of {@link namedMetrics}. */
export const curvesOf = (
  history: TrainingHistory
): { readonly [metric: string]: ReadonlyArray<readonly [epoch: number, value: number]> } => {
  const points = history.flatMap((epoch) =>
    namedMetrics(epoch).map(([name, value]) => ({ name, point: [epoch.epoch, value] as const }))
  )
  return Object.fromEntries(
    Array.from(
      Map.groupBy(points, ({ name }) => name),
      ([name, all]) => [name, all.map(({ point }) => point)]
    )
  )
}
