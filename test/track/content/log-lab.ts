/** A small run, logged to a real server: digits, a model, the digits under attack, a sweep. */
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import { Artifacts } from "../../../src/artifact/artifacts.ts"
import type { Digest } from "../../../src/artifact/digest.ts"
import { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import { Model } from "../../../src/artifact/kinds/model.ts"
import { Sweep } from "../../../src/artifact/kinds/sweep.ts"
import { makeNetwork } from "../../../src/tensor/network/index.ts"
import {
  type NodeInput,
  nodeContent,
  type ProducedNode,
  parseRegistrations
} from "../../../src/track/content/index.ts"
import { type MlflowShape, makeMlflow } from "../../../src/track/mlflow/client.ts"
import { sharedMlflow } from "../../rig/mlflow-server.ts"
import { formula, images, networks, weightsOf } from "../../tensor/network/fixtures/layers-model-cases.ts"
import { settingsOf } from "../mlflow/settings-of.ts"
import { attackNotes, dataset, info, inStore, produced, writeDataset } from "./store.ts"

/** Colour images that the network `rescaled` takes. */
const colour = { ...info, name: "colours", shape: [5, 5, 3] as const }

export const pixels = images(colour.shape)

const colours = (brighter: number, notes: Dataset["info"]["notes"]) =>
  Dataset.fromArrays({
    info: { ...colour, notes },
    images: pixels.map((value) => Math.min(1, value + brighter)),
    labels: Int32Array.of(0, 1, 2)
  })

const sweep: Sweep = {
  title: "rescaled under FGSM",
  network: "rescaled",
  source: "white-box",
  attack: {},
  points: [0, 0.1, 0.3].map((epsilon) => ({
    epsilon,
    trials: [
      {
        set: "test",
        count: 10,
        correct: 10 - 20 * epsilon,
        perClass: [],
        confidence: 0.9,
        wrongConfidence: epsilon === 0 ? null : 0.5,
        loss: epsilon
      }
    ]
  }))
}

export interface LoggedNode {
  readonly node: ProducedNode
  readonly runId: string
  readonly modelId: string | undefined
}

/** As the uploader does it, without anything that may fail on the way. */
const logNode = Effect.fnUntraced(function* (client: MlflowShape, experimentId: string, node: ProducedNode) {
  const run = yield* client.createRun({
    experimentId,
    name: node.name,
    startTime: node.at,
    once: { tag: "advpipe.run_key", value: randomUUID() }
  })
  const content = yield* nodeContent(node)
  yield* client.upload(run.artifactUri, content.uploads)
  yield* client.log(run.id, {
    tags: content.tags,
    metrics: Array.from(formula(1, 40), (value, step) => ({
      key: "loss",
      value,
      step,
      timestamp: node.at + step
    }))
  })
  yield* client.logInputs(run.id, content.datasets)
  let modelId: string | undefined
  for (const { name, modelType, params, tags, files } of content.models) {
    const model = yield* client.createLoggedModel({
      experimentId,
      name,
      sourceRunId: run.id,
      modelType,
      params,
      tags,
      once: { tag: "advpipe.model_key", value: randomUUID() }
    })
    const { version: serverVersion } = yield* client.server
    const identity = {
      modelId: model.id,
      runId: run.id,
      artifactUri: model.artifactUri,
      createdAt: node.at,
      serverVersion
    }
    yield* client.upload(model.artifactUri, yield* files(identity))
    yield* client.finaliseLoggedModel(model.id, "ready")
    yield* client.logOutputs(run.id, [{ modelId: model.id }])
    modelId = model.id
  }
  yield* client.updateRun(run.id, { status: "FINISHED", endTime: node.at + 1000 })
  return { node, runId: run.id, modelId } satisfies LoggedNode
})

const logLab = inStore(
  Effect.gen(function* () {
    const server = yield* Effect.promise(sharedMlflow)
    const client = yield* makeMlflow(yield* settingsOf({ MLFLOW_TRACKING_URI: server.address }))
    const experiment = yield* client.experimentNamed(`content-${randomUUID()}`, {
      "mlflow.experimentKind": "custom_model_development"
    })
    const log = (node: ProducedNode) => logNode(client, experiment.id, node)

    const artifacts = yield* Artifacts
    const network = yield* makeNetwork({ name: "rescaled", layers: networks["rescaled"] ?? [] })
    const model = { network: network.description, weights: weightsOf(network) }
    const digests = {
      digits: yield* writeDataset(dataset(9, { notes: { source: "http://example.org/digits/" } })),
      clean: yield* writeDataset(colours(0, {})),
      model: yield* artifacts.write(Model, model),
      attacked: yield* writeDataset(colours(0.1, attackNotes)),
      sweep: yield* artifacts.write(Sweep, sweep)
    }
    const input = (input: string, node: string, kind: string, digest: Digest): NodeInput => ({
      input,
      node,
      kind,
      digest
    })
    const data = input("data", "clean", "Dataset", digests.clean)
    const judge = input("model", "lab/model", "Model", digests.model)
    const logged = {
      digits: yield* log(produced({ name: "digits", kind: "Dataset", digest: digests.digits })),
      model: yield* log(
        produced({ name: "lab/model", kind: "Model", digest: digests.model, inputs: [data] })
      ),
      attacked: yield* log(
        produced({ name: "attacked", kind: "Dataset", digest: digests.attacked, inputs: [judge, data] })
      ),
      sweep: yield* log(
        produced({ name: "sweep", kind: "Sweep", digest: digests.sweep, inputs: [judge, data] })
      )
    }

    const [registration] = yield* parseRegistrations(`lab/model=lab-${randomUUID()}@champion`)
    if (registration === undefined) throw new Error("no registration")
    yield* client.registerModel({ name: registration.model })
    const { version } = yield* client.createModelVersion({
      name: registration.model,
      source: `models:/${logged.model.modelId}`,
      runId: logged.model.runId,
      ...(logged.model.modelId === undefined ? {} : { modelId: logged.model.modelId }),
      once: { tag: "advpipe.model_key", value: randomUUID() }
    })
    yield* client.setAlias(registration.model, registration.alias ?? "", version)
    return {
      server,
      experimentId: experiment.id,
      digests,
      network,
      model,
      logged,
      registered: registration.model
    }
  })
)

let shared: ReturnType<typeof start> | undefined
const start = () => Effect.runPromise(Effect.scoped(logLab))

/** Logged once for all tests that only look. */
export const loggedLab = () => Effect.promise(() => (shared ??= start()))
