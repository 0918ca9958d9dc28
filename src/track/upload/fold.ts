/**
 * From a journal's events to what MLflow is to be told, and nothing else: no clock, no server, no disk.
 *
 * The same events always give the same operations, to the millisecond of each point. So a journal may be sent again from
 * any place, and the server ends in the same state.
 */
import type { MetricValues } from "../../artifact/action.ts"
import type { Digest } from "../../artifact/digest.ts"
import { inputsOf } from "../content/produced-node.ts"
import type { Event, PlannedNode } from "../event.ts"
import type { NewMetricPoint, RunStatus, Texts } from "../mlflow/client.ts"
import type { PlanFile } from "../plan-file.ts"
import type { NodeEvent } from "../run-node.ts"
import { nodeRunKeyOf, type Operation, type RunKey, runKeyOf } from "./operation.ts"
import { emptyState, type NodeUpload, type UploadState } from "./state.ts"
import { engineTags, failureTags, known, paramTexts, revisionTags } from "./texts.ts"

type Of<Tag extends Event["_tag"]> = Extract<Event, { _tag: Tag }>
type Known = Omit<UploadState, "nodes">

/** A node's run so far. */
interface Child {
  run: RunKey
  state: NodeUpload["state"]
  digest?: Digest
  /** Tags of its run that tell a failure. */
  failure?: ReadonlyArray<string>
  readonly steps: Map<string, number>
  readonly last: Map<string, NewMetricPoint>
}

export class UploadFold {
  readonly #plan: ReadonlyMap<string, PlannedNode>
  readonly #code: ReadonlyMap<string, string>
  readonly #children: Map<string, Child>
  /** What the nodes produced. */
  readonly #artifacts = new Map<string, { readonly kind: string; readonly digest: Digest }>()
  #known: Known
  #out: Array<Operation> = []

  /** @param state what was known after the last event, of this run or of the one that it takes up */
  constructor(plan: PlanFile | undefined, { nodes, ...known }: UploadState = emptyState) {
    this.#plan = new Map(plan?.nodes.map((node) => [node.name, node]))
    this.#code = new Map(plan?.stages.map(({ name, code }) => [name, code]))
    this.#known = known
    this.#children = new Map(
      nodes.map(([name, { steps, last, ...node }]) => [
        name,
        { ...node, steps: new Map(steps), last: new Map(last.map((point) => [point.key, point])) }
      ])
    )
    for (const [name, { digest }] of nodes) if (digest !== undefined) this.#learn(name, digest)
  }

  get state(): UploadState {
    const nodes = Array.from(this.#children, ([name, { steps, last, ...node }]): [string, NodeUpload] => [
      name,
      { ...node, steps: [...steps], last: [...last.values()] }
    ])
    return { ...this.#known, nodes }
  }

  add(event: Event): ReadonlyArray<Operation> {
    this.#known = { ...this.#known, at: Math.max(this.#known.at, event.at) }
    if (event._tag === "RunStarted") this.#start(event)
    else if (this.#known.first === undefined) return []
    else if (event._tag === "RunFinished") this.#end(statuses[event.status], event.at)
    else if (event._tag === "Revision") this.#revision(event)
    else if (event._tag === "SystemSample") this.#sample(event)
    else this.#node(event)
    return this.#take()
  }

  /** The journal ends in the middle, and nobody writes it any more. */
  abandon(): ReadonlyArray<Operation> {
    if (this.#known.status !== "running") return []
    this.#tag(this.#root, { "advpipe.error": "the run was killed, or its machine stopped" })
    this.#end("KILLED", this.#known.at)
    return this.#take()
  }

  get #root(): RunKey {
    return runKeyOf(this.#known.first ?? "")
  }

  #start({ id, pipeline, preset, params, provenance, continues, at }: Of<"RunStarted">): void {
    const first = this.#known.first ?? continues?.first ?? id
    const source = `pipeline run ${pipeline} --preset ${preset}`
    const { failure: _failure, revision: _revision, user: _user, ...before } = this.#known
    this.#known = {
      ...before,
      first,
      id,
      source,
      status: "running",
      ...(provenance.user === undefined ? {} : { user: provenance.user })
    }
    this.#out.push({
      _tag: "Open",
      run: this.#root,
      parent: undefined,
      name: `${preset} ${first}`,
      startTime: at,
      params: paramTexts(params),
      tags: {
        ...this.#everyTag,
        "advpipe.pipeline": pipeline,
        "advpipe.preset": preset,
        "advpipe.host": provenance.host,
        "advpipe.machine": provenance.machine,
        "advpipe.node_version": provenance.node,
        "advpipe.program": provenance.program
      }
    })
    if (continues === undefined) return
    this.#tag(this.#root, { "advpipe.error": "" })
    this.#status(this.#root, "RUNNING", noEnd)
  }

  #end(status: RunStatus, at: number): void {
    for (const child of this.#children.values()) if (child.state === "running") this.#cut(child, at)
    if (status === "FAILED" && this.#known.failure !== undefined)
      this.#tag(this.#root, { "advpipe.error": this.#known.failure })
    this.#out.push({ _tag: "Ended", run: this.#root })
    this.#status(this.#root, status, at)
    this.#known = { ...this.#known, status: "ended" }
  }

  #revision({ _tag, at: _at, ...revision }: Of<"Revision">): void {
    this.#known = { ...this.#known, revision }
    this.#tag(this.#root, revisionTags(revision))
    for (const { run, state } of this.#children.values())
      if (state === "running") this.#tag(run, revisionTags(revision))
  }

  #sample({ at, cpuPercent, memoryMegabytes, memoryPercent, nodes }: Of<"SystemSample">): void {
    const step = this.#known.samples
    this.#known = { ...this.#known, samples: step + 1 }
    this.#points(
      this.#root,
      pointsOf(at, step, [
        ["system/cpu_utilization_percentage", cpuPercent],
        ["system/system_memory_usage_megabytes", memoryMegabytes],
        ["system/system_memory_usage_percentage", memoryPercent]
      ])
    )
    for (const [name, { cpuPercent, memoryMegabytes, rate }] of Object.entries(nodes)) {
      const child = this.#children.get(name)
      if (child === undefined) continue
      const values = [
        ["system/process_cpu_utilization_percentage", cpuPercent],
        ["system/process_memory_usage_megabytes", memoryMegabytes],
        [`system/${rate?.unit}_per_second`, rate?.perSecond]
      ] as const
      this.#points(child.run, pointsOf(at, nextStep(child, "system/"), values))
    }
  }

  #node(event: NodeEvent): void {
    switch (event._tag) {
      case "NodeCached":
        this.#cached(event)
        break
      case "NodeStarted":
        this.#started(event)
        break
      case "Metric":
        this.#metric(event)
        break
      case "NodeFinished":
        this.#finished(event)
        break
      case "NodeFailed":
        this.#failed(event)
        break
      case "NodeInterrupted":
        this.#interrupted(event)
        break
      default:
        // Who waits, who was skipped, what was said: the table of nodes and the journal have it.
        break
    }
  }

  #started({ at, node, key, reason, attempt }: Of<"NodeStarted">): void {
    const run = this.#runOf(node, key)
    const tags = { "advpipe.reason": reason, "advpipe.attempt": String(attempt), "advpipe.cached": "false" }
    const before = this.#children.get(node)
    this.#children.set(node, { run, state: "running", steps: new Map(), last: new Map() })
    if (before?.run !== run) {
      this.#open(node, run, at, { "advpipe.key": key, ...tags })
      return
    }
    // Points cannot be taken back: this tells those of the attempts before from this one's.
    const since = { "advpipe.attempt_started": String(at) }
    this.#tag(run, { ...this.#everyTag, ...tags, ...since, ...withoutFailure(before) })
    this.#status(run, "RUNNING", noEnd)
  }

  #cached(event: Of<"NodeCached">): void {
    const { at, node, key, digest, metrics, seconds } = event
    const run = this.#runOf(node, key)
    const before = this.#children.get(node)
    const isOurs = before?.run === run
    // What an earlier one of these runs computed, and told, stays as it is.
    if (isOurs && before.digest === digest && (before.state === "ran" || before.state === "cached")) {
      if (this.#plan.get(node)?.kind === "Model") this.#produced(event, run, [], { key, isShown: true })
      return
    }
    this.#children.set(node, { run, state: "cached", digest, steps: new Map(), last: new Map() })
    const tags = {
      "advpipe.cached": "true",
      "advpipe.digest": digest,
      "advpipe.saved_seconds": String(seconds)
    }
    if (isOurs) this.#tag(run, { ...tags, ...withoutFailure(before) })
    else this.#open(node, run, at, { "advpipe.key": key, ...tags })
    const points = pointsOf(at, 0, Object.entries(metrics))
    this.#points(run, points)
    this.#results(event)
    this.#produced(event, run, points, { key })
    this.#status(run, "FINISHED", at)
  }

  #metric({ at, node, name, value, step }: Of<"Metric">): void {
    const child = this.#child({ node, at })
    const point = { key: name, value, timestamp: at, step: step ?? nextStep(child, name) }
    this.#points(child.run, [point])
    if (this.#plan.get(node)?.kind === "Model" && Number.isFinite(value)) child.last.set(name, point)
  }

  #finished(event: Of<"NodeFinished">): void {
    const { at, digest, bytes, seconds, unchanged, engine } = event
    const child = this.#child(event)
    child.state = "ran"
    child.digest = digest
    this.#tag(child.run, {
      "advpipe.digest": digest,
      "advpipe.bytes": String(bytes),
      "advpipe.seconds": String(seconds),
      "advpipe.unchanged": String(unchanged),
      ...(engine === undefined ? {} : engineTags(engine))
    })
    this.#results(event)
    this.#produced(event, child.run, [...child.last.values()])
    this.#status(child.run, "FINISHED", at)
  }

  #failed(event: Of<"NodeFailed">): void {
    const child = this.#child(event)
    const tags = failureTags(event.failure)
    this.#tag(child.run, { ...withoutFailure(child), ...tags })
    child.failure = Object.keys(tags)
    if (event.retry) return
    child.state = "failed"
    const failure = `\`${event.node}\`: ${event.failure.message}`
    if (this.#known.failure === undefined) this.#known = { ...this.#known, failure }
    this.#status(child.run, "FAILED", event.at)
  }

  #interrupted({ node, at }: Of<"NodeInterrupted">): void {
    const child = this.#children.get(node)
    // One that had not even started has no run.
    if (child?.state === "running") this.#cut(child, at)
  }

  #cut(child: Child, at: number): void {
    child.state = "interrupted"
    this.#status(child.run, "KILLED", at)
  }

  /** The run of a node at work. One that fails before it starts, or whose start cannot be read, gets one of its own. */
  #child({ node, at }: { readonly node: string; readonly at: number }): Child {
    const found = this.#children.get(node)
    if (found?.state === "running") return found
    const child: Child = {
      run: this.#runOf(node, "unknown"),
      state: "running",
      steps: new Map(),
      last: new Map()
    }
    this.#children.set(node, child)
    this.#open(node, child.run, at, {})
    return child
  }

  #runOf(node: string, key: string): RunKey {
    return nodeRunKeyOf(this.#known.first ?? "", node, key)
  }

  #open(node: string, run: RunKey, at: number, tags: Texts): void {
    const planned = this.#plan.get(node)
    this.#out.push({
      _tag: "Open",
      run,
      parent: this.#root,
      name: node,
      startTime: at,
      params: paramTexts(planned?.params ?? {}),
      tags: {
        ...this.#everyTag,
        ...known({
          "advpipe.node": node,
          "advpipe.stage": planned?.stage,
          "advpipe.kind": planned?.kind,
          "advpipe.code": planned === undefined ? undefined : this.#code.get(planned.stage)
        }),
        ...tags
      }
    })
  }

  get #everyTag(): Texts {
    const { first, id, user, source, revision } = this.#known
    return {
      ...known({
        "advpipe.first_run": first,
        "advpipe.run": id,
        "mlflow.user": user,
        "mlflow.source.name": source,
        "mlflow.source.type": "LOCAL"
      }),
      ...(revision === undefined ? {} : revisionTags(revision))
    }
  }

  #produced(
    { at, node, digest }: { at: number; node: string; digest: Digest },
    run: RunKey,
    points: ReadonlyArray<NewMetricPoint>,
    found?: { readonly key: Digest; readonly isShown?: true }
  ): void {
    const planned = this.#plan.get(node)
    if (planned === undefined) return
    const { name, stage, kind, params, inputs } = planned
    this.#learn(node, digest)
    this.#out.push({
      _tag: "Produced",
      run,
      node: { name, stage, kind, params, digest, at, inputs: inputsOf(inputs, this.#artifacts) },
      results: points.filter(({ value }) => Number.isFinite(value)),
      ...(found === undefined ? {} : { foundUnder: found.key }),
      isShown: found?.isShown === true
    })
  }

  /** Final values stand on the pipeline run too, as `train/accuracy`: whole runs are compared by them. */
  #results({ at, node, metrics }: { at: number; node: string; metrics: MetricValues }): void {
    const values = Object.entries(metrics).map(([name, value]) => [`${node}/${name}`, value] as const)
    this.#points(this.#root, pointsOf(at, 0, values))
  }

  #learn(node: string, digest: Digest): void {
    const kind = this.#plan.get(node)?.kind
    if (kind !== undefined) this.#artifacts.set(node, { kind, digest })
  }

  #points(run: RunKey, points: ReadonlyArray<NewMetricPoint>): void {
    if (points.length > 0) this.#out.push({ _tag: "Metrics", run, points })
  }

  #tag(run: RunKey, tags: Texts): void {
    this.#out.push({ _tag: "Tags", run, tags })
  }

  #status(run: RunKey, status: RunStatus, endTime?: number): void {
    this.#out.push({ _tag: "Status", run, status, ...(endTime === undefined ? {} : { endTime }) })
  }

  #take(): ReadonlyArray<Operation> {
    const operations = this.#out
    this.#out = []
    return operations
  }
}

/** Takes back the end of a run that goes on. */
const noEnd = 0

/** A failure is over with the next attempt. The server finds no run by an empty tag. */
const withoutFailure = ({ failure = [] }: Child): Texts => Object.fromEntries(failure.map((tag) => [tag, ""]))

const statuses = { done: "FINISHED", failed: "FAILED", interrupted: "KILLED" } as const

/** The step of a metric that is logged without one: they count from 0, anew with each attempt. */
const nextStep = ({ steps }: Child, name: string): number => {
  const step = steps.get(name) ?? 0
  steps.set(name, step + 1)
  return step
}

const pointsOf = (
  timestamp: number,
  step: number,
  values: ReadonlyArray<readonly [key: string, value: number | undefined]>
): ReadonlyArray<NewMetricPoint> =>
  values.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value, timestamp, step }]))
