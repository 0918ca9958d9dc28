/** Judges a model on a dataset as it is: clean images, or images that were attacked before. */
import { Schema } from "effect"
import { Dataset, Evaluation, Model } from "../src/artifact/index.ts"
import { Metrics, Progress, Stage } from "../src/stage/index.ts"
import { accuracyOf, loadModel, Tally } from "../src/tensor/evaluation/index.ts"
import { evaluate as judge } from "../src/tensor/train/index.ts"

export const evaluate = Stage.make("evaluate", {
  inputs: { model: Model, data: Dataset },
  params: Schema.Struct({
    title: Schema.String,
    /** Images per run of the network. */
    batchSize: Schema.Int.check(Schema.isGreaterThan(0))
  }),
  output: Evaluation,

  *run({ model, data }, { title, batchSize }) {
    const { network, weights } = yield* loadModel(model, [data])
    const progress = yield* Progress
    const judged = yield* judge(network, weights, data, {
      batchSize,
      onProgress: (done, total) => progress.report(done, total, "images")
    })
    const tally = new Tally(data.info.classes)
    tally.add(judged.labels, {
      predictions: judged.prediction,
      confidence: Float64Array.from(judged.confidence),
      loss: judged.loss
    })
    const { count, correct, perClass, confidence, wrongConfidence, loss } = tally.result(data.info.name)
    const { accuracy, standardError } = accuracyOf({ count, correct })
    const metrics = {
      accuracy,
      accuracy_standard_error: standardError,
      loss,
      confidence,
      ...(wrongConfidence === null ? {} : { wrong_confidence: wrongConfidence })
    }
    for (const [name, value] of Object.entries(metrics)) yield* Metrics.log(name, value)
    return { title, count, correct, perClass, metrics }
  }
})
