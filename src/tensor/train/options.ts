/** The settings of a training. */
import { Schema } from "effect"
import { mostEpochs } from "../../artifact/kinds/model-history.ts"
import { LossName } from "../loss/index.ts"
import { OptimiserSettings } from "../optimiser/index.ts"
import { Schedule } from "../schedule/index.ts"

const Count = Schema.Int.check(Schema.isGreaterThan(0))
const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** When to stop before the last epoch. Needs validation data. */
export const EarlyStopping = Schema.Struct({
  /** The validation loss, which should fall, or the validation accuracy, which should rise. */
  monitor: Schema.Literals(["loss", "accuracy"]),
  /** Stops after so many epochs in a row that were no better than the best one. */
  patience: Count,
  /** What counts as better: by more than this. */
  minimumDelta: NonNegative,
  /** Whether the result is the best epoch's weights, not the last one's. */
  restoreBest: Schema.Boolean
})
export type EarlyStopping = typeof EarlyStopping.Type

export const TrainingOptions = Schema.Struct({
  /** How often every example is seen. */
  epochs: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: mostEpochs })),
  batchSize: Count,
  /** What becomes of an epoch's last examples when they do not fill a batch: a smaller batch, or nothing this epoch. */
  lastBatch: Schema.Literals(["keep", "drop"]),
  loss: LossName,
  /** In [0, 1); for cross-entropy alone. */
  labelSmoothing: NonNegative.check(Schema.isLessThan(1)),
  optimiser: OptimiserSettings,
  schedule: Schedule,
  /** Factor of the sum of the absolute weights that is added to the loss. Weights are parameters of two axes or more. */
  l1: NonNegative,
  /** Factor of the sum of the squared weights that is added to the loss. */
  l2: NonNegative,
  /** The most that the gradients' joint L2 norm may be; `null` for no limit. */
  clipNorm: Schema.NullOr(Schema.Finite.check(Schema.isGreaterThan(0))),
  earlyStopping: Schema.NullOr(EarlyStopping),
  /** Of the shuffles and the dropout masks. */
  seed: Schema.Int.check(
    Schema.isBetween({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
  ),
  /** Images per run when validating. */
  evaluationBatchSize: Count
}).check(
  Schema.makeFilter(({ loss, labelSmoothing }) =>
    labelSmoothing === 0 || loss === "cross-entropy"
      ? undefined
      : { path: ["labelSmoothing"], issue: `must be 0 with the loss \`${loss}\`: only cross-entropy has it` }
  )
)
export type TrainingOptions = typeof TrainingOptions.Type
