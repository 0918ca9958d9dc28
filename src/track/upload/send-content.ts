/**
 * Files, datasets and models of a run. Each part may be sent again: paths, names and tags are always the same. A part that is
 * refused costs no other.
 */
import { Effect } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import {
  type ContentError,
  type LoggedModel,
  nodeContent,
  type ProducedNode,
  type Registration,
  type RunContent,
  runContent,
  type Upload
} from "../content/index.ts"
import { Mlflow, type MlflowError } from "../mlflow/client.ts"
import type { PlanFile } from "../plan-file.ts"
import type { RunView } from "../run-view.ts"
import type { Operation } from "./operation.ts"
import { type Refusal, refusalOf } from "./refusal.ts"
import { modelKeyTag, register } from "./register.ts"
import type { KnownRun, Target } from "./target.ts"
import { paramTexts } from "./texts.ts"

export type Produced = Extract<Operation, { _tag: "Produced" }>

/** A part that was not taken. */
export interface RefusedPart {
  /** For example "`train`: its model". */
  readonly part: string
  readonly refusal: Refusal
}

/** What became of the parts. */
export interface Shown {
  readonly refused: ReadonlyArray<RefusedPart>
  /** What else there is to tell, in sentences. */
  readonly notes: ReadonlyArray<string>
}

type Services = Mlflow | Artifacts | Blobs

/** Does parts one after the other and keeps what each of them came to. */
const partsOf = () => {
  const refused: Array<RefusedPart> = []
  const notes: Array<string> = []
  const part = (
    name: string,
    effect: Effect.Effect<ReadonlyArray<string>, MlflowError | ContentError, Services>
  ) =>
    Effect.map(refusalOf(Effect.tap(effect, (told) => Effect.sync(() => notes.push(...told)))), (refusal) => {
      if (refusal !== undefined) refused.push({ part: name, refusal })
      return refusal === undefined
    })
  return { shown: { refused, notes } satisfies Shown, part }
}
type Parts = ReturnType<typeof partsOf>

/** One part alone. */
export const shownPart = (name: string, effect: Parameters<Parts["part"]>[1]) => {
  const { part, shown } = partsOf()
  return Effect.as(part(name, effect), shown)
}

/** @param registrations of the node */
export const sendNodeContent = Effect.fnUntraced(function* (
  target: Target,
  run: KnownRun,
  produced: Produced,
  registrations: ReadonlyArray<Registration>
): Effect.fn.Return<Shown, MlflowError, Services> {
  const parts = partsOf()
  const name = `\`${produced.node.name}\``
  const send = Effect.gen(function* () {
    const content = yield* nodeContent(produced.node)
    yield* sendShown(parts, run, name, content)
    for (const model of content.models)
      yield* parts.part(`${name}: its model`, sendModel(target, run, produced, model, registrations))
    return []
  })
  yield* parts.part(`${name}: what it shows`, send)
  return parts.shown
})

/** The model alone, where another run shows the rest. */
export const sendNodeModel = Effect.fnUntraced(function* (
  target: Target,
  run: KnownRun,
  produced: Produced,
  registrations: ReadonlyArray<Registration>
): Effect.fn.Return<ReadonlyArray<string>, MlflowError | ContentError, Services> {
  const { models } = yield* nodeContent(produced.node)
  const told = yield* Effect.forEach(models, (model) =>
    sendModel(target, run, produced, model, registrations)
  )
  return told.flat()
})

/** What there is to show of the pipeline run as a whole. */
export interface RunSummary {
  readonly plan: PlanFile | undefined
  readonly view: RunView
  readonly produced: ReadonlyArray<ProducedNode>
}

export const sendRunContent = Effect.fnUntraced(function* (
  run: KnownRun,
  summary: Effect.Effect<RunSummary, ContentError>
): Effect.fn.Return<Shown, MlflowError, Services> {
  const parts = partsOf()
  const send = Effect.gen(function* () {
    yield* sendShown(parts, run, "the run", yield* runContent(yield* summary))
    return []
  })
  yield* parts.part("the run: what it shows", send)
  return parts.shown
})

/** Datasets first, which need no store for files; then files, and the tags that tell of them. */
const sendShown = Effect.fnUntraced(function* (
  { part }: Parts,
  run: KnownRun,
  name: string,
  { uploads, tags, datasets }: RunContent
) {
  const mlflow = yield* Mlflow
  yield* part(`${name}: its data sets`, Effect.as(mlflow.logInputs(run.id, datasets), []))
  const send = (files: ReadonlyArray<Upload>) => mlflow.upload(run.artifactUri, files)
  const whole = yield* refusalOf(send(uploads))
  let areThere = whole === undefined
  // Which one it was is found by sending each alone, unless the server takes none.
  const groups =
    whole === undefined ? [] : whole._tag === "MlflowUnsupported" ? [uploads] : uploads.map((file) => [file])
  for (const files of groups) {
    const paths = files.map(({ path }) => path).join(", ")
    areThere = (yield* part(`${name}: ${paths}`, Effect.as(send(files), []))) || areThere
  }
  const texts = Object.entries(tags).filter(([key]) => areThere || !key.startsWith("mlflow.logged"))
  const described = mlflow.log(run.id, { tags: Object.fromEntries(texts) })
  yield* part(
    `${name}: its description`,
    Effect.map(described, (changes) => changes.map(({ message }) => message))
  )
})

/** A model is finished when its files are there: one that was begun before is gone on with. */
const sendModel = Effect.fnUntraced(function* (
  { experiment, serverVersion }: Target,
  run: KnownRun,
  { node, results, run: modelKey }: Produced,
  { name, modelType, params, tags, files }: LoggedModel,
  registrations: ReadonlyArray<Registration>
): Effect.fn.Return<ReadonlyArray<string>, MlflowError | ContentError, Services> {
  const mlflow = yield* Mlflow
  const made = yield* mlflow.createLoggedModel({
    experimentId: experiment,
    name,
    sourceRunId: run.id,
    modelType,
    params: { ...paramTexts(node.params), ...params },
    tags,
    once: { tag: modelKeyTag, value: modelKey },
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
    const sent = Effect.flatMap(files(identity), (each) => mlflow.upload(made.artifactUri, each))
    const refusal = yield* refusalOf(sent)
    yield* mlflow.finaliseLoggedModel(made.id, refusal === undefined ? "ready" : "failed")
    if (refusal !== undefined) return yield* Effect.fail(refusal)
  }
  yield* mlflow.logOutputs(run.id, [{ modelId: made.id }])
  // To the run they are the points that it has already.
  yield* mlflow.log(run.id, { metrics: results.map((point) => ({ ...point, modelId: made.id })) })
  return yield* register({ model: made, modelKey, runId: run.id, at: node.at }, registrations)
})
