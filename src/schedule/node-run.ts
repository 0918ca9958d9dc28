/**
 * Computes one node: lease, worker, checks, publication.
 *
 * The order is what makes it safe. The lease comes before the worker, so a key is computed once. A damaged record goes
 * before the worker starts, so nothing vouches for leftovers. The lease is confirmed right before publishing, so a holder that
 * was frozen and replaced publishes nothing. The record comes last, when every byte it names is on the device.
 */
import { Clock, Effect, Schema } from "effect"
import type { EngineUse, MetricValues, Provenance, Revision } from "../artifact/action.ts"
import { Actions } from "../artifact/actions.ts"
import { Artifacts } from "../artifact/artifacts.ts"
import { Checkpoints } from "../artifact/checkpoints.ts"
import type { Digest } from "../artifact/digest.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import { type Lease, type LeaseLost, Leases } from "../artifact/leases.ts"
import type { StoreError } from "../artifact/store-error.ts"
import type { DeclaredFileMissing, DeclaredFiles } from "../plan/bound.ts"
import { checkpointFamily } from "../plan/checkpoint-family.ts"
import { codeRefOf } from "../plan/elaborate.ts"
import type { ElaboratedNode, ElaboratedStage } from "../plan/elaboration.ts"
import type { BoundParts } from "../plan/key.ts"
import type { Failure } from "../track/event.ts"
import type { Request, WantedEngine } from "../worker/protocol.ts"
import { type JobFailed, type WorkerDied, Workers } from "../worker/workers.ts"
import type { Hit, Prober } from "./probe.ts"
import { type Amounts, demandOf } from "./resources.ts"
import type { RunLog } from "./run-log.ts"

/** What a run tells each of its nodes. */
export interface RunContext {
  readonly id: string
  readonly layout: StoreLayout
  readonly log: RunLog
  readonly prober: Prober
  readonly files: DeclaredFiles
  readonly provenance: Provenance
  /** The project's version control, once it is known. */
  revision: Revision | undefined
  /** The project's root. */
  readonly root: string
  /** Nodes that a worker was told to compute. */
  readonly started: Set<string>
  readonly data: Extract<Request, { readonly _tag: "RunStage" }>["data"]
  /** The engine that stages compute with. */
  readonly engine: WantedEngine["choice"]
  /** What the stages of this run share. */
  readonly resources: Amounts
  /** Why engines were taken, told once each. */
  readonly announced: Set<string>
}

/** A node that is to be computed. */
export interface Task {
  readonly node: ElaboratedNode
  readonly stage: ElaboratedStage
  readonly bound: BoundParts
  readonly key: Digest
  /** Why it runs, for people. */
  readonly reason: string
  readonly stamps: string
  /** Whether what is under the key is to make room: it was found damaged, or the user said so. */
  readonly replace: "never" | "if damaged" | "always"
  /** The stamp of the action record that the user wants replaced. */
  readonly record: string | undefined
  /** The digest of the node's last artifact. */
  readonly previous: Digest | undefined
}

export type TaskOutcome =
  | { readonly _tag: "Computed"; readonly hit: Hit }
  /** Another process computed it while this one waited for the lease. */
  | { readonly _tag: "Found"; readonly hit: Hit }
  | { readonly _tag: "Failed"; readonly again: boolean }
  /** Another process is computing it. */
  | { readonly _tag: "Busy"; readonly holder: string }
  /** Another process took it over while this one stood still. What was computed here is thrown away: the result is theirs. */
  | { readonly _tag: "Overtaken" }

export class StageTimedOut extends Schema.TaggedError<StageTimedOut>()("StageTimedOut", {
  stage: Schema.String,
  seconds: Schema.Finite
}) {
  override get message() {
    return `stage \`${this.stage}\` took longer than its timeout of ${this.seconds} s`
  }
  get hint() {
    return "raise `timeout` in Stage.make, or give the stage less to do"
  }
}

/** A declared file changed while the stage that reads it was running. */
export class InputEdited extends Schema.TaggedError<InputEdited>()("InputEdited", {
  stage: Schema.String,
  files: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.files.join(", ")} changed while stage \`${this.stage}\` was reading it; its result was thrown away`
  }
  get hint() {
    return "run the same command again"
  }
}

type TaskError =
  | StoreError
  | LeaseLost
  | JobFailed
  | WorkerDied
  | StageTimedOut
  | InputEdited
  | DeclaredFileMissing

/** Computes a node. Failures of the stage are outcomes, already told to the log. */
export const runTask = (context: RunContext, task: Task) =>
  Effect.scoped(
    Effect.gen(function* () {
      const leases = yield* Leases
      const lease = yield* leases.acquire(task.key, `run ${context.id}`)
      return yield* underLease(context, task, lease)
    })
  ).pipe(
    Effect.catchTags({
      LeaseHeld: ({ holder }) => Effect.succeed<TaskOutcome>({ _tag: "Busy", holder }),
      // The disk refused before anything ran.
      StoreFault: (error) => reportFailure(context, task, error, 0, false)
    })
  )

const underLease = Effect.fnUntraced(function* (context: RunContext, task: Task, lease: Lease) {
  const actions = yield* Actions
  const found = yield* context.prober.lookup(task.key)
  // Whoever held the lease before may have made what is missing, or have replaced what is to be replaced.
  const isWanted = task.replace !== "always" || found._tag !== "Hit" || found.record !== task.record
  if (found._tag === "Hit" && isWanted) return { _tag: "Found", hit: found } satisfies TaskOutcome
  if (task.replace !== "never") yield* actions.remove(task.key)
  // Who wants a result computed again wants all of it computed.
  if (task.replace === "always") yield* Effect.flatMap(Checkpoints, ({ clear }) => clear(familyOf(task)))
  const retries = task.stage.options.retries ?? 0
  for (let attempt = 1; ; attempt++) {
    const outcome = yield* attemptOnce(context, task, lease, attempt, retries)
    if (outcome._tag !== "Failed" || !outcome.again) return outcome
  }
})

const attemptOnce = Effect.fnUntraced(function* (
  context: RunContext,
  task: Task,
  lease: Lease,
  attempt: number,
  retries: number
) {
  const clock = yield* Clock.Clock
  const startedAt = clock.currentTimeMillisUnsafe()
  const seconds = () => (clock.currentTimeMillisUnsafe() - startedAt) / 1000
  return yield* compute(context, task, attempt, startedAt).pipe(
    Effect.flatMap((made) => publish(context, task, lease, { ...made, startedAt, seconds: seconds() })),
    Effect.catch((error): Effect.Effect<TaskOutcome> => {
      if (error._tag === "LeaseLost")
        return reportFailure(context, task, error, seconds(), true).pipe(Effect.as(overtaken))
      const again = attempt <= retries && worthRetrying.has(error._tag)
      return reportFailure(context, task, error, seconds(), again)
    }),
    Effect.onInterrupt(() =>
      Effect.sync(() =>
        context.log.add({
          _tag: "NodeInterrupted",
          at: clock.currentTimeMillisUnsafe(),
          node: task.node.name,
          seconds: seconds()
        })
      )
    )
  )
})

const overtaken = { _tag: "Overtaken" } satisfies TaskOutcome

/** Failures of the stage itself. An edited file would only fail again. */
const worthRetrying: ReadonlySet<string> = new Set(["JobFailed", "WorkerDied", "StageTimedOut"])

/** Has a worker run the stage. Succeeds with the artifact's digest and the last value of each metric. */
const compute = Effect.fnUntraced(function* (
  context: RunContext,
  task: Task,
  attempt: number,
  startedAt: number
) {
  const workers = yield* Workers
  const clock = yield* Clock.Clock
  const { node, stage, bound, key, reason } = task
  const metrics = new Map<string, number>()
  let engine: EngineUse | undefined
  const environment = Object.entries(bound.environment).flatMap(([name, value]) =>
    value === null ? [] : [[name, value]]
  )
  const job = workers.run(
    stage.name,
    {
      _tag: "RunStage",
      code: codeRefOf(context.layout, stage),
      key,
      checkpoints: familyOf(task),
      params: node.params,
      inputs: bound.inputs,
      environment: Object.fromEntries(environment),
      store: context.layout.root,
      root: context.root,
      data: context.data,
      engine: {
        choice: context.engine,
        threads: demandOf(stage.options, context.resources).cores
      }
    },
    {
      started: (pid) => {
        context.started.add(node.name)
        context.log.add({ _tag: "NodeStarted", at: startedAt, node: node.name, key, reason, attempt, pid })
      },
      note: (note) => {
        const at = clock.currentTimeMillisUnsafe()
        if (note._tag === "Engine") {
          engine = note.engine
          if (context.announced.has(note.because)) return
          context.announced.add(note.because)
          context.log.add({ _tag: "Log", at, node: node.name, level: "info", message: note.because })
          return
        }
        if (note._tag === "Metric") metrics.set(note.name, note.value)
        context.log.add({ ...note, at, node: node.name })
      }
    }
  )
  const timeout = stage.options.timeoutMillis
  const limited = timeout === undefined ? job : withTimeout(job, stage.name, timeout)
  const reply = yield* limited
  if (reply._tag !== "Stored")
    return yield* Effect.die(new Error(`a worker answered RunStage with ${reply._tag}`))
  return { digest: reply.digest, metrics: Object.fromEntries(metrics), engine }
})

const withTimeout = <A, E, R>(job: Effect.Effect<A, E, R>, stage: string, millis: number) =>
  Effect.timeoutOrElse(job, {
    duration: millis,
    orElse: () => Effect.fail(new StageTimedOut({ stage, seconds: millis / 1000 }))
  })

interface Computed {
  readonly digest: Digest
  readonly metrics: MetricValues
  readonly engine: EngineUse | undefined
  readonly startedAt: number
  readonly seconds: number
}

const publish = Effect.fnUntraced(function* (context: RunContext, task: Task, lease: Lease, made: Computed) {
  const { node, stage, bound, key } = task
  const engine = made.engine === undefined ? {} : { engine: made.engine }
  const revision = context.revision === undefined ? {} : { revision: context.revision }
  const artifacts = yield* Artifacts
  const actions = yield* Actions
  const declared = { stage, params: node.params }
  const files = yield* context.files.digests(declared)
  const edited = Object.keys(files).filter((path) => files[path] !== bound.files[path])
  if (edited.length === 0 && context.files.stamps(declared) !== task.stamps) {
    return yield* new InputEdited({ stage: stage.name, files: Object.keys(files) })
  }
  if (edited.length > 0) return yield* new InputEdited({ stage: stage.name, files: edited })
  const contents = yield* artifacts.adopt(made.digest)
  yield* lease.confirm
  const record = yield* actions.publish({
    format: 1,
    key,
    stage: stage.name,
    output: made.digest,
    kind: stage.kind,
    bytes: contents.bytes,
    seconds: made.seconds,
    startedAt: made.startedAt,
    metrics: made.metrics,
    provenance: { ...context.provenance, ...engine, ...revision }
  })
  yield* settleCheckpoints(task)
  // Somebody may have published first: then theirs is the result, and it has to be whole.
  const { blobs } = record.output === made.digest ? contents : yield* artifacts.check(record.output)
  const { metrics, seconds, bytes, output: digest } = record
  const unchanged = digest === task.previous
  const at = yield* Clock.currentTimeMillis
  context.log.add({
    _tag: "NodeFinished",
    at,
    node: node.name,
    key,
    digest,
    seconds,
    bytes,
    metrics,
    unchanged,
    ...(record.provenance.engine === undefined ? {} : { engine: record.provenance.engine })
  })
  const hit: Hit = {
    _tag: "Hit",
    key,
    digest,
    seconds,
    bytes,
    metrics,
    record: actions.stamp(key) ?? "",
    blobs: [...blobs]
  }
  return { _tag: "Computed", hit } satisfies TaskOutcome
})

const familyOf = ({ stage, node, bound }: Task): Digest => checkpointFamily(stage, node.params, bound)

/**
 * The result is there: its checkpoints have done their service, but for the last one where the computation can go on. What
 * cannot be removed now is left to garbage collection.
 */
const settleCheckpoints = Effect.fnUntraced(function* (task: Task) {
  const checkpoints = yield* Checkpoints
  const family = familyOf(task)
  const kept = task.stage.options.checkpoint === undefined ? 0 : 1
  yield* Effect.ignore(
    Effect.andThen(checkpoints.keep(family, task.key, kept), checkpoints.dropEmpty(family))
  )
})

const reportFailure = Effect.fnUntraced(function* (
  context: RunContext,
  task: Task,
  error: TaskError,
  seconds: number,
  retry: boolean
) {
  const at = yield* Clock.currentTimeMillis
  context.log.add({
    _tag: "NodeFailed",
    at,
    node: task.node.name,
    failure: failureFrom(error),
    seconds,
    retry
  })
  return { _tag: "Failed", again: retry } satisfies TaskOutcome
})

const failureFrom = (error: TaskError): Failure => {
  if (error._tag === "JobFailed") return error.failure
  return { tag: error._tag, message: error.message, hint: error.hint }
}
