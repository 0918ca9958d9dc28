/** A stored model made ready to be judged or attacked on some data. */
import { Effect, Schema } from "effect"
import type { Dataset } from "../../artifact/kinds/dataset.ts"
import type { Model } from "../../artifact/kinds/model.ts"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { type Classifier, classifierOf } from "../attack/classifier.ts"
import { makeNetwork, type Network } from "../network/network.ts"
import { problemOfData } from "../train/evaluate.ts"

export interface LoadedModel {
  readonly network: Network
  readonly classifier: Classifier
  readonly weights: ReadonlyMap<string, TensorData>
}

/** There is nothing to judge a model by. */
export class NoImages extends Schema.TaggedError<NoImages>()("NoImages", { dataset: Schema.String }) {
  override get message() {
    return `\`${this.dataset}\` has no images`
  }
  get hint() {
    return "give it images: look at the counts and filters that made it"
  }
}

/** Checks a model's description, and that it takes the images of each dataset and knows their classes. */
export const loadModel = Effect.fnUntraced(function* (
  { network: description, weights }: Model,
  datasets: ReadonlyArray<Dataset>
) {
  const network = yield* makeNetwork(description)
  for (const data of datasets) {
    if (data.count === 0) return yield* new NoImages({ dataset: data.info.name })
    const problem = problemOfData(network, data)
    if (problem !== undefined) return yield* problem
  }
  const loaded: LoadedModel = { network, classifier: classifierOf(network), weights }
  return loaded
})
