/**
 * What happens during a run, as a closed set of events.
 *
 * The journal stores them, reporters print them, `--json` emits them, and the uploader sends them to a server. A run can be
 * told in full from its events alone.
 */
import { Schema } from "effect"
import { EngineUse, MetricValues, Provenance, Revision } from "../artifact/action.ts"
import { Digest } from "../artifact/digest.ts"

/** Milliseconds since 1970. */
const at = Schema.Finite
const node = Schema.String

/** Why a node runs: the first difference to its last run, ready to be printed. */
export const Reason = Schema.String

/** A failure as people read it. `hint` is the cure, where one is known. */
export const Failure = Schema.Struct({
  tag: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** Where in the stage's source it happened, for unexpected errors. */
  stack: Schema.optionalKey(Schema.String)
})
export type Failure = typeof Failure.Type

/** A node as the plan has it. */
export const PlannedNode = Schema.Struct({
  name: node,
  stage: Schema.String,
  kind: Schema.String,
  params: Schema.Json,
  /** Per input, the names of the nodes connected to it; a record input has its keys. */
  inputs: Schema.Record(
    Schema.String,
    Schema.Union([Schema.String, Schema.Array(Schema.String), Schema.Record(Schema.String, Schema.String)])
  )
})
export type PlannedNode = typeof PlannedNode.Type

export const Status = Schema.Literals(["done", "failed", "interrupted"])
export type Status = typeof Status.Type

/** What a node's process took since the last sample. What the system does not tell is absent. */
export const NodeSample = Schema.Struct({
  /** Of one core: two cores kept busy are 200. */
  cpuPercent: Schema.optionalKey(Schema.Finite),
  /** Of its memory, what is in RAM; 1 MB = 10⁶ bytes. */
  memoryMegabytes: Schema.optionalKey(Schema.Finite),
  /** How fast its progress went, in `unit` per second. */
  rate: Schema.optionalKey(Schema.Struct({ perSecond: Schema.Finite, unit: Schema.String }))
})
export type NodeSample = typeof NodeSample.Type

export const Event = Schema.TaggedUnion({
  RunStarted: {
    at,
    id: Schema.String,
    pipeline: Schema.String,
    preset: Schema.String,
    params: Schema.Json,
    /** Nodes in the plan that this run is concerned with. */
    nodes: Schema.Int,
    store: Schema.String,
    provenance: Provenance,
    /** Digest of the plan, as the store keeps it. */
    plan: Schema.optionalKey(Digest),
    /** It takes up a run that did not come to its end: the one before it, and the first one of them all. */
    continues: Schema.optionalKey(Schema.Struct({ run: Schema.String, first: Schema.String }))
  },
  /** Told once, soon after the first node started: a run in which nothing is computed does not ask. */
  Revision: { at, ...Revision.fields },
  /** The artifact was in the store. `seconds` is what computing it once took, and so what was saved. */
  NodeCached: {
    at,
    node,
    key: Digest,
    digest: Digest,
    seconds: Schema.Finite,
    /** Of the artifact, without its parts. Absent in journals of earlier versions. */
    bytes: Schema.optionalKey(Schema.Int),
    metrics: MetricValues
  },
  /** Another process computes the same key; `holder` says which. */
  NodeWaiting: { at, node, key: Digest, holder: Schema.String },
  NodeStarted: { at, node, key: Digest, reason: Reason, attempt: Schema.Int, pid: Schema.Int },
  Progress: { at, node, done: Schema.Finite, total: Schema.Finite, unit: Schema.String },
  Metric: { at, node, name: Schema.String, value: Schema.Number, step: Schema.optionalKey(Schema.Finite) },
  Log: { at, node, level: Schema.Literals(["debug", "info", "warning", "error"]), message: Schema.String },
  /** `unchanged`: the artifact is byte for byte the one of the node's last run, so its followers may stay cached. */
  NodeFinished: {
    at,
    node,
    key: Digest,
    digest: Digest,
    seconds: Schema.Finite,
    bytes: Schema.Int,
    metrics: MetricValues,
    unchanged: Schema.Boolean,
    /** What computed its tensors. */
    engine: Schema.optionalKey(EngineUse)
  },
  /** How busy the machine is, every ten seconds while nodes run. Memory in use of what this process may have, 1 MB = 10⁶ bytes. */
  SystemSample: {
    at,
    /** Of all cores. */
    cpuPercent: Schema.Finite,
    memoryMegabytes: Schema.Finite,
    memoryPercent: Schema.Finite,
    /** The nodes that run. */
    nodes: Schema.Record(node, NodeSample)
  },
  /** An attempt failed; it is tried again when `retry` is true. */
  NodeFailed: { at, node, failure: Failure, seconds: Schema.Finite, retry: Schema.Boolean },
  /** Not started: `because` names the failed node it depends on, or says that the run was stopping. */
  NodeSkipped: { at, node, because: Schema.String },
  NodeInterrupted: { at, node, seconds: Schema.Finite },
  RunFinished: { at, status: Status, seconds: Schema.Finite }
})
export type Event = typeof Event.Type
