/** Does what a lane asks for on the server. Done again, or from the middle on, it leaves the same state. */
import { Effect, Schema } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import type { StoreError } from "../../artifact/store-error.ts"
import type { ContentError } from "../content/index.ts"
import { Mlflow, type MlflowError, type Texts } from "../mlflow/client.ts"
import { runUrl } from "./link.ts"
import type { Lane } from "./operation.ts"
import { toleratingRefusal } from "./refusal.ts"
import { type Registrations, type RunSummary, sendNodeContent, sendRunContent } from "./send-content.ts"
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

export interface LaneOptions {
  readonly target: Target
  /** An attempt failed before, and may have done a part. */
  readonly again: boolean
  readonly registrations: Registrations
  /** Asked for when the run has ended. */
  readonly summary: Effect.Effect<RunSummary, StoreError>
}

type Told = ReadonlyArray<string>
type Services = Mlflow | Artifacts | Blobs

/** @returns what was changed to be taken, or refused, in sentences */
export const sendLane = Effect.fnUntraced(function* (
  lane: Lane,
  options: LaneOptions
): Effect.fn.Return<ReadonlyArray<string>, MlflowError | RunVanished, Services> {
  const mlflow = yield* Mlflow
  const { target, registrations, summary } = options
  const { produced, status, points } = lane
  const computed =
    produced?.foundUnder === undefined ? undefined : yield* computedBy(target, produced.foundUnder)
  const link = computed === undefined ? {} : linkTags(mlflow.address, target, computed)
  const tags = { ...lane.open?.tags, ...lane.tags, ...link }
  const { run, isNew } = yield* theRun(lane, tags, options)
  const { id } = run
  const notes: Array<string> = []
  const tell = <E extends MlflowError | ContentError>(effect: Effect.Effect<Told, E, Services>) =>
    Effect.map(toleratingRefusal(effect, refuseDeleted(id)), (told) => notes.push(...told))

  const entries = { metrics: points, params: lane.open?.params ?? {}, tags: isNew ? {} : tags }
  yield* tell(Effect.map(mlflow.log(id, entries), (changes) => changes.map(({ message }) => message)))
  if (produced !== undefined && computed === undefined) {
    const content = sendNodeContent(target, run, lane.run, produced, registrations)
    yield* tell(Effect.as(content, []))
  }
  if (lane.ended)
    yield* tell(
      Effect.as(
        Effect.flatMap(summary, (each) => sendRunContent(run, each)),
        []
      )
    )
  if (status !== undefined && !(isNew && status.status === "RUNNING")) {
    const { endTime } = status
    yield* mlflow.updateRun(id, { status: status.status, ...(endTime === undefined ? {} : { endTime }) })
  }
  return notes
})

/** The run that a lane is about: there already, or made now. */
const theRun = Effect.fnUntraced(function* (lane: Lane, tags: Texts, { target, again }: LaneOptions) {
  const mlflow = yield* Mlflow
  const found = target.runs.get(lane.run)
  if (found !== undefined) return { run: found, isNew: false }
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
  const run: KnownRun = { id: made.id, artifactUri: made.artifactUri }
  target.runs.set(lane.run, run)
  return { run, isNew: true }
})

/** The run that computed what is under a key, if the server knows it. */
const computedBy = Effect.fnUntraced(function* ({ experiment }: Target, key: string) {
  const mlflow = yield* Mlflow
  const [newest] = yield* mlflow.searchRuns({
    experimentIds: [experiment],
    filter: `tags."advpipe.key" = '${key}' and tags."advpipe.cached" = 'false' and attributes.status = 'FINISHED'`,
    most: 1
  })
  return newest?.id
})

const linkTags = (server: string, { experiment }: Target, run: string): Texts => ({
  "advpipe.computed_by": run,
  "mlflow.note.content": `Found in the cache. [The run that computed it](${runUrl(server, experiment, run)}) shows its curves and files.`
})
