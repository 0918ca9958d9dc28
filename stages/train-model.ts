/** What the stages that train have in common: which network, from which weights, and what is told while it trains. */
import { Effect, Schema } from "effect"
import type { Dataset, Model } from "../src/artifact/index.ts"
import { type EpochMetrics, namedMetrics } from "../src/artifact/kinds/model-history.ts"
import { Metrics, Progress } from "../src/stage/index.ts"
import {
  initialise,
  knownNetworks,
  makeNetwork,
  type Network,
  type NetworkDescription
} from "../src/tensor/network/index.ts"
import { type Objective, type TrainingOptions, train } from "../src/tensor/train/index.ts"
import { trainingCheckpoints } from "./training-checkpoints.ts"

/** A network by name, or layer by layer. */
export const NetworkParam = Schema.Union([
  Schema.Literals([
    "keras-cnn",
    "course-cnn",
    "even-deeper-cnn",
    "no-pool-cnn",
    "mlp-625",
    "mlp-625-dropout"
  ]),
  Schema.Struct({
    name: Schema.String,
    layers: Schema.Array(Schema.Record(Schema.String, Schema.Json))
  })
])
export type NetworkParam = typeof NetworkParam.Type

const descriptionOf = (network: NetworkParam): NetworkDescription =>
  typeof network === "string" ? knownNetworks[network] : network

/** Several artifacts came where one at most has a meaning. */
export class TooMany extends Schema.TaggedError<TooMany>()("TooMany", {
  input: Schema.String,
  count: Schema.Int
}) {
  override get message() {
    return `input \`${this.input}\` takes one artifact or none, not ${this.count}`
  }
  get hint() {
    return "wire one, or an empty list for none"
  }
}

/** A model was to be trained on as a network that it is not. */
export class AnotherNetwork extends Schema.TaggedError<AnotherNetwork>()("AnotherNetwork", {
  network: Schema.String,
  model: Schema.String
}) {
  override get message() {
    return `param \`network\` is \`${this.network}\`, the model in \`from\` is a \`${this.model}\` with other layers`
  }
  get hint() {
    return "give the network of that model, or no model, to begin with fresh weights"
  }
}

/** Trains from a model's weights where there is one, and otherwise from fresh ones. */
export const trainModel = Effect.fnUntraced(function* (given: {
  readonly network: NetworkParam
  readonly initialSeed: number
  readonly from: ReadonlyArray<Model>
  readonly data: Dataset
  readonly validation: ReadonlyArray<Dataset>
  readonly options: TrainingOptions
  readonly objective?: (network: Network) => Objective
}) {
  const { from, data, validation, options, objective } = given
  for (const [input, { length }] of Object.entries({ from, validation }))
    if (length > 1) return yield* new TooMany({ input, count: length })
  const network = yield* makeNetwork(descriptionOf(given.network))
  const weights = yield* firstWeights(network, from[0], given.initialSeed)
  const progress = yield* Progress
  const { resume, checkpoint } = yield* trainingCheckpoints(options, data.count)
  // Curves and last values are those of the whole training, whoever did its beginning.
  for (const epoch of resume?.progress.history ?? []) yield* tell(epoch)
  const { weights: trained, history } = yield* train({
    network,
    weights,
    data,
    validation: validation[0],
    options,
    ...(objective === undefined ? {} : { objective: objective(network) }),
    onProgress: (done, total) => progress.report(done, total, "images"),
    onEpoch: tell,
    checkpoint,
    resume
  })
  yield* Metrics.log("epochs", history.length)
  const model: Model = { network: network.description, weights: trained, history }
  return model
})

const tell = (now: EpochMetrics) =>
  Effect.forEach(namedMetrics(now), ([name, value]) => Metrics.log(name, value, now.epoch), { discard: true })

const firstWeights = Effect.fnUntraced(function* (network: Network, from: Model | undefined, seed: number) {
  if (from === undefined) return initialise(network, { seed })
  const { layers } = yield* makeNetwork(from.network)
  if (JSON.stringify(layers) !== JSON.stringify(network.layers))
    return yield* new AnotherNetwork({ network: network.name, model: from.network.name })
  return from.weights
})
