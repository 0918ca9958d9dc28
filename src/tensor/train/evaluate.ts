/** Evaluates a network on a dataset, image by image. */
import { Effect } from "effect"
import type { Dataset, DatasetError } from "../../artifact/kinds/dataset.ts"
import type { TensorData } from "../../artifact/tensor-data.ts"
import type { Engine, EngineFailure } from "../engine.ts"
import type { Network } from "../network/index.ts"
import { DataMismatch } from "./errors.ts"
import { makeEvaluator } from "./evaluator.ts"

/** Per image, in the dataset's order. */
export interface Evaluated {
  readonly labels: Int32Array
  /** Cross-entropy at the label, in nats. */
  readonly loss: Float32Array
  /** The class of the largest logit, the first of equal ones. */
  readonly prediction: Int32Array
  /** The prediction's probability. */
  readonly confidence: Float32Array
  /** 1 where the prediction is the label. */
  readonly correct: Uint8Array
  /** The share of correct images, in [0, 1]; `NaN` of none. */
  readonly accuracy: number
  /** The mean of `loss`. */
  readonly meanLoss: number
}

export interface EvaluateOptions<E, R> {
  /** Images per run; results do not depend on it beyond rounding. */
  readonly batchSize: number
  /** Called after each batch, with images. */
  readonly onProgress?: (done: number, total: number) => Effect.Effect<void, E, R>
}

/** Runs a network on every image of a dataset, in evaluation mode. Memory holds one batch of images. */
export const evaluate = <E = never, R = never>(
  network: Network,
  weights: ReadonlyMap<string, TensorData>,
  dataset: Dataset,
  options: EvaluateOptions<E, R>
): Effect.Effect<Evaluated, E | DataMismatch | DatasetError | EngineFailure, R | Engine> =>
  Effect.scoped(
    Effect.gen(function* () {
      const problem = problemOfData(network, dataset)
      if (problem !== undefined) return yield* problem
      const { count } = dataset
      const batchSize = Math.max(1, Math.min(options.batchSize, count))
      const evaluator = yield* makeEvaluator(network, batchSize)
      yield* evaluator.load(Object.fromEntries(weights))
      const all = {
        labels: new Int32Array(count),
        loss: new Float32Array(count),
        prediction: new Int32Array(count),
        confidence: new Float32Array(count)
      }
      for (let from = 0; from < count; from += batchSize) {
        const to = Math.min(from + batchSize, count)
        const rows = yield* dataset.rows(from, to)
        evaluator.images.set(rows.images)
        evaluator.labels.set(rows.labels)
        const judged = yield* evaluator.run(to - from)
        all.labels.set(rows.labels, from)
        all.loss.set(judged.loss, from)
        all.prediction.set(judged.prediction, from)
        all.confidence.set(judged.confidence, from)
        if (options.onProgress !== undefined) yield* options.onProgress(to, count)
      }
      const correct = Uint8Array.from(all.labels, (label, image) => Number(label === all.prediction[image]))
      return { ...all, correct, accuracy: mean(correct), meanLoss: mean(all.loss) }
    })
  )

/** Looks at shapes and classes before anything is computed. */
export const problemOfData = (network: Network, { info }: Dataset): DataMismatch | undefined => {
  if (info.shape.join() !== network.input.join())
    return new DataMismatch({
      network: network.name,
      dataset: info.name,
      reason: `its images have the shape [${info.shape.join(", ")}], the network takes [${network.input.join(", ")}]`,
      hint: "give the network's input the shape of the images"
    })
  if (info.classes.length > network.classes)
    return new DataMismatch({
      network: network.name,
      dataset: info.name,
      reason: `it has ${info.classes.length} classes, the network ${network.classes}`,
      hint: "give the last layer one unit per class"
    })
  return undefined
}

/** Summed in doubles. */
const mean = (values: Float32Array | Uint8Array): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
