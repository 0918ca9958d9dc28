/** Files, datasets and models of a run. Each part may be sent again: paths, names and tags are always the same. */
import { Effect } from "effect"
import {
  type LoggedModel,
  nodeContent,
  type ProducedNode,
  type Registration,
  runContent
} from "../content/index.ts"
import { Mlflow } from "../mlflow/client.ts"
import type { PlanFile } from "../plan-file.ts"
import type { RunView } from "../run-view.ts"
import type { Operation } from "./operation.ts"
import type { KnownRun, Target } from "./target.ts"
import { paramTexts } from "./texts.ts"

/** Which models are registered, and as what. */
export type Registrations = ReadonlyArray<Registration>

type Produced = Pick<Extract<Operation, { _tag: "Produced" }>, "node" | "results">

export const sendNodeContent = Effect.fnUntraced(function* (
  target: Target,
  run: KnownRun,
  runKey: string,
  produced: Produced,
  registrations: Registrations
) {
  const mlflow = yield* Mlflow
  const content = yield* nodeContent(produced.node)
  yield* mlflow.upload(run.artifactUri, content.uploads)
  yield* mlflow.log(run.id, { tags: content.tags })
  yield* mlflow.logInputs(run.id, content.datasets)
  for (const model of content.models) yield* sendModel(target, run, runKey, produced, model, registrations)
})

/** A model is finished when its files are there: one that was begun before is gone on with. */
const sendModel = Effect.fnUntraced(function* (
  { experiment, serverVersion }: Target,
  run: KnownRun,
  runKey: string,
  { node, results }: Produced,
  { name, modelType, params, tags, files }: LoggedModel,
  registrations: Registrations
) {
  const mlflow = yield* Mlflow
  const made = yield* mlflow.createLoggedModel({
    experimentId: experiment,
    name,
    sourceRunId: run.id,
    modelType,
    params: { ...paramTexts(node.params), ...params },
    tags,
    once: { tag: "advpipe.model_key", value: runKey },
    mayExist: true
  })
  if (made.status !== "ready") {
    const identity = {
      modelId: made.id,
      runId: run.id,
      artifactUri: made.artifactUri,
      createdAt: node.at,
      serverVersion
    }
    yield* mlflow.upload(made.artifactUri, yield* files(identity))
    yield* mlflow.finaliseLoggedModel(made.id, "ready")
  }
  yield* mlflow.logOutputs(run.id, [{ modelId: made.id }])
  // To the run they are the points that it has already.
  yield* mlflow.log(run.id, { metrics: results.map((point) => ({ ...point, modelId: made.id })) })
  for (const { model, alias } of registrations.filter((each) => each.node === node.name)) {
    yield* mlflow.registerModel({ name: model })
    const { version } = yield* mlflow.createModelVersion({
      name: model,
      source: made.artifactUri,
      runId: run.id,
      modelId: made.id,
      once: { tag: "advpipe.model_key", value: runKey },
      mayExist: true
    })
    if (alias !== undefined) yield* mlflow.setAlias(model, alias, version)
  }
})

/** What there is to show of the pipeline run as a whole. */
export interface RunSummary {
  readonly plan: PlanFile | undefined
  readonly view: RunView
  readonly produced: ReadonlyArray<ProducedNode>
}

export const sendRunContent = Effect.fnUntraced(function* (run: KnownRun, summary: RunSummary) {
  const mlflow = yield* Mlflow
  const content = yield* runContent(summary)
  yield* mlflow.upload(run.artifactUri, content.uploads)
  yield* mlflow.log(run.id, { tags: content.tags })
  yield* mlflow.logInputs(run.id, content.datasets)
})
