/** Does what a lane asks for on the server. Done again, or from the middle on, it leaves the same state. */
import { Effect, Schema } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import type { StoreError } from "../../artifact/store-error.ts"
import type { Registration } from "../content/index.ts"
import { Mlflow, type MlflowError, type Run, type Texts } from "../mlflow/client.ts"
import { runUrl } from "./link.ts"
import type { Missing } from "./missing.ts"
import type { Lane } from "./operation.ts"
import { mayPass, toleratingRefusal } from "./refusal.ts"
import { modelKeyTag, register } from "./register.ts"
import {
  type Produced,
  type RunSummary,
  type Shown,
  sendNodeContent,
  sendNodeModel,
  sendRunContent,
  shownPart
} from "./send-content.ts"
import { type KnownRun, refuseDeleted, runKeyTag, type Target } from "./target.ts"

/** The server does not have a run that it had. Everything is sent anew. */
export class RunVanished extends Schema.TaggedError<RunVanished>()("RunVanished", {
  server: Schema.String,
  run: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: run \`${this.run}\` is gone`
  }
  get hint() {
    return "somebody removed it while it was written to; `pipeline track sync` sends it again from the journal"
  }
}

/** Which models are registered, and as what. */
export type Registrations = ReadonlyArray<Registration>

export interface LaneOptions {
  readonly target: Target
  /** An attempt failed before, and may have done a part. */
  readonly again: boolean
  readonly registrations: Registrations
  /** Asked for when the run has ended. */
  readonly summary: Effect.Effect<RunSummary, StoreError>
}

export interface LaneSent {
  /** What was changed to be taken, or refused for good, in sentences. */
  readonly notes: ReadonlyArray<string>
  /** What may be taken another time. */
  readonly missing: ReadonlyArray<Missing>
}

type Services = Mlflow | Artifacts | Blobs

/** Does what the lane asks for, and takes a node's run out of the trash for it if somebody put it there meanwhile. */
export const sendLane = (
  lane: Lane,
  options: LaneOptions
): Effect.Effect<LaneSent, MlflowError | RunVanished, Services> =>
  Effect.catchTag(attempt(lane, options), "MlflowDeleted", (error) => {
    const { runs, root } = options.target
    const run = runs.get(lane.run)
    if (run === undefined || run.id !== error.id || lane.run === root) return Effect.fail(error)
    runs.set(lane.run, { ...run, isDeleted: true })
    return attempt(lane, options)
  })

const attempt = Effect.fnUntraced(function* (
  lane: Lane,
  options: LaneOptions
): Effect.fn.Return<LaneSent, MlflowError | RunVanished, Services> {
  const mlflow = yield* Mlflow
  const { target, summary } = options
  const { produced, status, points } = lane
  const registrations = options.registrations.filter(({ node }) => node === produced?.node.name)
  const isWanted = produced?.foundUnder !== undefined && (!produced.isShown || registrations.length > 0)
  const computed = isWanted ? yield* computedBy(target, produced.foundUnder) : undefined
  const link =
    computed === undefined || produced?.isShown === true ? {} : linkTags(mlflow.address, target, computed.id)
  const tags = { ...lane.open?.tags, ...lane.tags, ...link }
  const { run, isNew, notes: first } = yield* theRun(lane, tags, options)
  const { id } = run
  const notes = [...first]
  const missing: Array<Missing> = []
  const show = Effect.fnUntraced(function* (
    operation: Missing["operation"],
    effect: Effect.Effect<Shown, MlflowError, Services>
  ) {
    const { refused, notes: told } = yield* effect
    notes.push(...told)
    if (refused.length === 0) return
    yield* refuseDeleted(id)
    const because: Array<string> = []
    for (const { part, refusal } of refused) {
      if (mayPass(refusal)) because.push(`${part}: ${refusal.message}; ${refusal.hint}`)
      else notes.push(`${part}: ${refusal.message}`)
    }
    if (because.length > 0) missing.push({ operation, because })
  })

  const entries = { metrics: points, params: lane.open?.params ?? {}, tags: isNew ? {} : tags }
  const logged = Effect.map(mlflow.log(id, entries), (changes) => changes.map(({ message }) => message))
  notes.push(...(yield* toleratingRefusal(logged, refuseDeleted(id))))
  if (produced !== undefined && computed === undefined && !produced.isShown)
    yield* show(produced, sendNodeContent(target, run, produced, registrations))
  else if (produced?.node.kind === "Model" && registrations.length > 0)
    yield* show(produced, sendFoundModel(target, run, produced, computed, registrations))
  if (lane.ended) yield* show({ _tag: "Ended", run: lane.run }, sendRunContent(run, summary))
  if (status !== undefined && !(isNew && status.status === "RUNNING")) {
    const { endTime } = status
    yield* mlflow.updateRun(id, { status: status.status, ...(endTime === undefined ? {} : { endTime }) })
  }
  return { notes, missing }
})

/** The run that a lane is about: there already, or made now. */
const theRun = Effect.fnUntraced(function* (lane: Lane, tags: Texts, { target, again }: LaneOptions) {
  const mlflow = yield* Mlflow
  const found = target.runs.get(lane.run)
  if (found?.isDeleted === false) return { run: found, isNew: false, notes: [] }
  if (found !== undefined) {
    // Another one in its place would be one too many as soon as somebody takes this one out.
    yield* mlflow.restoreRun(found.id)
    const run = { ...found, isDeleted: false }
    target.runs.set(lane.run, run)
    const note = `the run of node \`${found.name}\` was in MLflow's trash; there is more of it, so it was taken out`
    return { run, isNew: false, notes: [note] }
  }
  const { open } = lane
  if (open === undefined) return yield* new RunVanished({ server: mlflow.address, run: lane.run })
  const parent = open.parent === undefined ? undefined : target.runs.get(open.parent)
  if (open.parent !== undefined && parent === undefined)
    return yield* new RunVanished({ server: mlflow.address, run: open.parent })
  const made = yield* mlflow.createRun({
    experimentId: target.experiment,
    name: open.name,
    startTime: open.startTime,
    tags: parent === undefined ? tags : { ...tags, "mlflow.parentRunId": parent.id },
    once: { tag: runKeyTag, value: lane.run },
    mayExist: again
  })
  const run: KnownRun = {
    id: made.id,
    name: made.name,
    artifactUri: made.artifactUri,
    isDeleted: false
  }
  target.runs.set(lane.run, run)
  return { run, isNew: true, notes: [] }
})

/** The run that computed what is under a key, if the server knows it. */
const computedBy = Effect.fnUntraced(function* ({ experiment }: Target, key: string) {
  const mlflow = yield* Mlflow
  const [newest] = yield* mlflow.searchRuns({
    experimentIds: [experiment],
    filter: `tags."advpipe.key" = '${key}' and tags."advpipe.cached" = 'false' and attributes.status = 'FINISHED'`,
    most: 1
  })
  return newest
})

/** Registers the model that the run shows, or the one that computed it; where neither does, the run itself shows it now. */
const sendFoundModel = Effect.fnUntraced(function* (
  target: Target,
  run: KnownRun,
  produced: Produced,
  computed: Run | undefined,
  registrations: Registrations
) {
  const mlflow = yield* Mlflow
  const computedKey = computed?.tags[runKeyTag]
  const places = [
    { modelKey: produced.run, runId: run.id },
    ...(computed === undefined || computedKey === undefined
      ? []
      : [{ modelKey: computedKey, runId: computed.id }])
  ]
  return yield* shownPart(
    `\`${produced.node.name}\`: its model`,
    Effect.gen(function* () {
      for (const { modelKey, runId } of places) {
        const model = yield* mlflow.loggedModelTagged(target.experiment, {
          tag: modelKeyTag,
          value: modelKey
        })
        if (model?.status === "ready")
          return yield* register({ model, modelKey, runId, at: produced.node.at }, registrations)
      }
      return yield* sendNodeModel(target, run, produced, registrations)
    })
  )
})

const linkTags = (server: string, { experiment }: Target, run: string): Texts => ({
  "advpipe.computed_by": run,
  "mlflow.note.content": `Found in the cache. [The run that computed it](${runUrl(server, experiment, run)}) shows its curves and files.`
})
