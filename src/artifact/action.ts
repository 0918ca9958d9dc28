/** The action cache's entry: what a cache key produced, and how. */
import { Option, Schema } from "effect"
import { Digest, digestOf } from "./digest.ts"

/** A number that a stage logged last under a name. NaN and infinities survive as text. */
export const MetricValues = Schema.Record(Schema.String, Schema.Number)
export type MetricValues = typeof MetricValues.Type

/** What computed a stage's tensors. */
export const EngineUse = Schema.Struct({
  name: Schema.String,
  /** `cpu`, or the accelerator's name. */
  device: Schema.String,
  /** How many cores one program used at most. */
  threads: Schema.Int,
  /** Versions of the libraries that computed, by package. */
  versions: Schema.Record(Schema.String, Schema.String)
})
export type EngineUse = typeof EngineUse.Type

/** The state of the project's files under version control. */
export const Revision = Schema.Struct({
  commit: Schema.String,
  branch: Schema.optionalKey(Schema.String),
  /** Files under version control differ from the commit. */
  dirty: Schema.Boolean
})
export type Revision = typeof Revision.Type

export const Provenance = Schema.Struct({
  host: Schema.String,
  /** Who ran it; absent where the system does not say. */
  user: Schema.optionalKey(Schema.String),
  /** Operating system, architecture and processor model: another class may round differently. */
  machine: Schema.String,
  node: Schema.String,
  program: Schema.String,
  run: Schema.String,
  pid: Schema.Int,
  /** Only where the stage had something to compute with it. */
  engine: Schema.optionalKey(EngineUse),
  /** Only where the project is under version control. */
  revision: Schema.optionalKey(Revision)
})
export type Provenance = typeof Provenance.Type

export const ActionRecord = Schema.Struct({
  format: Schema.Literal(1),
  key: Digest,
  stage: Schema.String,
  output: Digest,
  kind: Schema.String,
  /** Bytes of the artifact's own files, without its parts. */
  bytes: Schema.Int,
  seconds: Schema.Finite,
  /** Milliseconds since 1970. */
  startedAt: Schema.Int,
  metrics: MetricValues,
  provenance: Provenance
})
export type ActionRecord = typeof ActionRecord.Type

const Text = Schema.fromJsonString(Schema.toCodecJson(ActionRecord))
const encode = Schema.encodeSync(Text)
const decode = Schema.decodeUnknownOption(Text, { onExcessProperty: "error" })

/** A record as its file has it: JSON whose last entry is the SHA-256 of the JSON without it. */
export const encodeAction = (record: ActionRecord): string => {
  const text = encode(record)
  return `${text.slice(0, -1)},"checksum":"${digestOf(text)}"}`
}

/**
 * Reads a record's file; nothing where it is none, or was changed since it was written.
 *
 * Records that were written before there were checksums have none, and are taken if nothing else is odd about them.
 */
export const decodeAction = (file: string): ActionRecord | undefined => {
  const found = /,"checksum":"([0-9a-f]{64})"\}\n?$/.exec(file)
  const text = found === null ? file : `${file.slice(0, found.index)}}`
  if (found !== null && digestOf(text) !== found[1]) return undefined
  return Option.getOrUndefined(decode(text))
}
