/** What a model says of a few images, for their captions. Loads an engine: import it when it is needed. */
import { Effect } from "effect"
import { Dataset } from "../../artifact/kinds/dataset.ts"
import type { Model } from "../../artifact/kinds/model.ts"
import { Engine } from "../../tensor/engine.ts"
import { makeNetwork } from "../../tensor/network/index.ts"
import { startedEngine } from "../../tensor/started-engine.ts"
import { evaluate } from "../../tensor/train/evaluate.ts"

export interface Prediction {
  /** An index into the classes. */
  readonly label: number
  /** Its probability, in [0, 1]. */
  readonly confidence: number
}

/**
 * One prediction for each image, or `undefined` where the model cannot judge them or the engine does not work: a caption is worth no
 * error.
 *
 * @param images each row-major of the dataset's shape, in [0, 1]
 */
export const predict = (
  model: Model,
  info: Dataset["info"],
  images: ReadonlyArray<Float32Array>
): Effect.Effect<ReadonlyArray<Prediction> | undefined> =>
  Effect.gen(function* () {
    const network = yield* makeNetwork(model.network)
    // The one that takes neither cores nor a graphics processor from the stages.
    const { engine } = yield* startedEngine("wasm", 1)
    const pixels = new Float32Array(images.length * (images[0]?.length ?? 0))
    for (const [index, image] of images.entries()) pixels.set(image, index * image.length)
    const dataset = Dataset.fromArrays({ info, images: pixels, labels: new Int32Array(images.length) })
    const { prediction, confidence } = yield* evaluate(network, model.weights, dataset, {
      batchSize: images.length
    }).pipe(Effect.provideService(Engine, engine))
    return Array.from(prediction, (label, index) => ({ label, confidence: confidence[index] ?? 0 }))
  }).pipe(
    Effect.catch(() => Effect.succeed(undefined)),
    Effect.catchDefect(() => Effect.succeed(undefined))
  )
