/** One node's part of a run's view, and the fold that makes it from the node's events. */
import { Schema } from "effect"
import { EngineUse, MetricValues } from "../artifact/action.ts"
import { Digest } from "../artifact/digest.ts"
import { type Event, Failure, PlannedNode } from "./event.ts"
import { Series } from "./run-series.ts"

/** `running`, `waiting` and `pending` occur only while the run is alive. */
export const NodeState = Schema.Literals([
  "cached",
  "ran",
  "failed",
  "skipped",
  "interrupted",
  "running",
  "waiting",
  "pending"
])
export type NodeState = typeof NodeState.Type

export const LogLine = Schema.Struct({
  at: Schema.Finite,
  level: Schema.Literals(["debug", "info", "warning", "error"]),
  message: Schema.String
})
export type LogLine = typeof LogLine.Type

export const NodeView = Schema.Struct({
  name: Schema.String,
  /** From the plan; absent where only the journal is left. */
  stage: Schema.optionalKey(Schema.String),
  kind: Schema.optionalKey(Schema.String),
  params: Schema.optionalKey(Schema.Json),
  inputs: Schema.optionalKey(PlannedNode.fields.inputs),
  state: NodeState,
  key: Schema.optionalKey(Digest),
  digest: Schema.optionalKey(Digest),
  /** Why it ran, or why it was skipped. */
  reason: Schema.optionalKey(Schema.String),
  /** What this run spent on it, over all attempts. */
  seconds: Schema.Finite,
  /** What computing it once took, for a cached node; else 0. */
  savedSeconds: Schema.Finite,
  bytes: Schema.optionalKey(Schema.Int),
  metrics: MetricValues,
  attempts: Schema.Int,
  /** The last failed attempt's, even if a later attempt succeeded. */
  failure: Schema.optionalKey(Failure),
  /** The artifact is byte for byte the one of the node's last run. */
  unchanged: Schema.Boolean,
  /** What computed its tensors, where this run computed it. */
  engine: Schema.optionalKey(EngineUse),
  /** Curves, thinned out evenly where they are long. */
  series: Schema.Record(Schema.String, Schema.Array(Schema.Tuple([Schema.Finite, Schema.Number]))),
  /** The latest log lines. */
  logs: Schema.Array(LogLine)
})
export type NodeView = typeof NodeView.Type

export interface FoldLimits {
  /** Points kept per curve, at least 2. Default 200. */
  readonly points?: number
  /** Log lines kept per node. Default 200. */
  readonly logs?: number
}

/** What is about one node. */
export type NodeEvent = Extract<Event, { readonly node: string }>
type Mutable<T> = { -readonly [key in keyof T]: T[key] }

/** A node in the making. */
export class NodeFold {
  /** What is known for certain; `view` adds what depends on when one looks. */
  readonly #known: Mutable<Omit<NodeView, "series" | "logs">>
  readonly #series = new Map<string, Series>()
  readonly #limits: Required<FoldLimits>
  #logs: Array<LogLine> = []
  /** When the attempt now running began. */
  #since = 0

  constructor(name: string, limits: Required<FoldLimits>, planned?: PlannedNode) {
    this.#limits = limits
    const node = {
      state: "pending",
      seconds: 0,
      savedSeconds: 0,
      metrics: {},
      attempts: 0,
      unchanged: false
    } as const
    this.#known = { ...(planned ?? { name }), ...node }
  }

  add(event: NodeEvent): void {
    switch (event._tag) {
      case "Progress":
        break
      case "Metric":
        this.#curve(event.name).add(event.value, event.step)
        break
      case "Log":
        this.#log({ at: event.at, level: event.level, message: event.message })
        break
      default:
        this.#change(event)
    }
  }

  view(alive: boolean, end: number): NodeView {
    const node = { ...this.#known }
    if (node.state === "running") node.seconds += secondsBetween(this.#since, end)
    // The last values before it was cut short are all that is left of it.
    if (node.state !== "ran" && node.state !== "cached") node.metrics = this.#lastValues()
    if (!alive) settle(node)
    const series = Object.fromEntries(Array.from(this.#series, ([name, { points }]) => [name, points]))
    return { ...node, series, logs: this.#latestLogs() }
  }

  #change(event: Exclude<NodeEvent, { _tag: "Progress" | "Metric" | "Log" }>): void {
    const node = this.#known
    switch (event._tag) {
      case "NodeStarted":
        this.#start(event)
        break
      case "NodeCached":
        node.savedSeconds = event.seconds
        if (event.bytes !== undefined) node.bytes = event.bytes
        this.#produced("cached", event)
        break
      case "NodeFinished":
        node.seconds += event.seconds
        node.bytes = event.bytes
        node.unchanged = event.unchanged
        if (event.engine !== undefined) node.engine = event.engine
        this.#produced("ran", event)
        break
      case "NodeFailed":
        node.seconds += event.seconds
        node.failure = event.failure
        // Between two attempts it is still this run's business: a crash here interrupts it.
        node.state = event.retry ? "running" : "failed"
        this.#since = event.at
        break
      case "NodeWaiting":
        node.state = "waiting"
        node.key = event.key
        break
      case "NodeSkipped":
        node.state = "skipped"
        node.reason = event.because
        break
      case "NodeInterrupted":
        node.seconds += event.seconds
        node.state = "interrupted"
    }
  }

  #start(event: Extract<Event, { _tag: "NodeStarted" }>): void {
    this.#known.state = "running"
    this.#known.key = event.key
    this.#known.reason = event.reason
    this.#known.attempts = Math.max(this.#known.attempts + 1, event.attempt)
    this.#since = event.at
    for (const series of this.#series.values()) series.restart()
  }

  #produced(state: NodeState, event: Pick<NodeView, "metrics"> & { key: Digest; digest: Digest }): void {
    this.#known.state = state
    this.#known.key = event.key
    this.#known.digest = event.digest
    this.#known.metrics = event.metrics
  }

  #curve(name: string): Series {
    const known = this.#series.get(name)
    if (known !== undefined) return known
    const series = new Series(this.#limits.points)
    this.#series.set(name, series)
    return series
  }

  #log(line: LogLine): void {
    this.#logs.push(line)
    // Not at every line: moving the rest each time would make a chatty stage quadratic.
    if (this.#logs.length > 2 * this.#limits.logs + 16) this.#logs = this.#latestLogs()
  }

  #latestLogs(): Array<LogLine> {
    return this.#logs.slice(Math.max(0, this.#logs.length - this.#limits.logs))
  }

  #lastValues(): MetricValues {
    return Object.fromEntries(Array.from(this.#series, ([name, { last }]) => [name, last?.[1] ?? Number.NaN]))
  }
}

/** Says what an unfinished node came to, once nobody works on it any more. */
const settle = (node: Mutable<Omit<NodeView, "series" | "logs">>): void => {
  if (node.state === "running") node.state = "interrupted"
  if (node.state !== "waiting" && node.state !== "pending") return
  node.state = "skipped"
  node.reason = "not reached"
}

export const secondsBetween = (from: number, to: number): number => Math.max(0, to - from) / 1000
