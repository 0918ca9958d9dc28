/** What the fold remembers between two events. The cursor keeps it, so that no journal is read twice. */
import { Schema } from "effect"
import { Revision } from "../../artifact/action.ts"
import { Digest } from "../../artifact/digest.ts"

/** A value of a metric that can be sent twice: it is not NaN. */
export const Point = Schema.Struct({
  key: Schema.String,
  value: Schema.Finite,
  timestamp: Schema.Finite,
  step: Schema.Int
})

export const NodeUpload = Schema.Struct({
  /** Its MLflow run. */
  run: Schema.String,
  state: Schema.Literals(["running", "cached", "ran", "failed", "interrupted"]),
  /** The artifact, once there is one. */
  digest: Schema.optionalKey(Digest),
  /** Tags of its run that tell a failure. */
  failure: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Of metrics that are logged without steps, the next one. */
  steps: Schema.Array(Schema.Tuple([Schema.String, Schema.Int])),
  /** Of a node that makes a model, the last point of each metric. */
  last: Schema.Array(Point)
})
export type NodeUpload = typeof NodeUpload.Type

export const UploadState = Schema.Struct({
  /** The first of the runs that take each other up; absent until one has started. */
  first: Schema.optionalKey(Schema.String),
  /** Of the newest of these runs. */
  status: Schema.Literals(["unstarted", "running", "ended"]),
  /** The newest of these runs. */
  id: Schema.optionalKey(Schema.String),
  user: Schema.optionalKey(Schema.String),
  source: Schema.optionalKey(Schema.String),
  revision: Schema.optionalKey(Revision),
  /** The first failure of the newest run. */
  failure: Schema.optionalKey(Schema.String),
  /** System samples so far. */
  samples: Schema.Int,
  /** When the last event happened, in milliseconds since 1970. */
  at: Schema.Finite,
  nodes: Schema.Array(Schema.Tuple([Schema.String, NodeUpload]))
})
export type UploadState = typeof UploadState.Type

export const emptyState: UploadState = { status: "unstarted", samples: 0, at: 0, nodes: [] }
