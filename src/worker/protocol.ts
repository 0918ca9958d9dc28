/**
 * What the scheduler and a worker say to each other.
 *
 * Everything is plain JSON: code by path and digest, inputs and outputs by digest. Nothing in a message depends on the
 * two being on one machine.
 */
import { Schema } from "effect"
import { Digest } from "../artifact/digest.ts"
import { EngineInfo } from "../tensor/engine.ts"
import { EngineChoice, EngineReport } from "../tensor/engine-choice.ts"
import { Failure } from "../track/event.ts"

/** Code that a worker is to load: a bundle, and by specifier where each package is resolved from, and where it must lie. */
export const CodeRef = Schema.Struct({
  path: Schema.String,
  imports: Schema.Record(Schema.String, Schema.Struct({ from: Schema.String, within: Schema.String }))
})
export type CodeRef = typeof CodeRef.Type

/** What stands at an input: one thing, a list, or a record of them. `T` is a digest here, a node's name in a plan. */
export const wired = <T extends Schema.Codec<unknown, unknown>>(item: T) =>
  Schema.Union([item, Schema.Array(item), Schema.Record(Schema.String, item)])

const WiredDigests = Schema.Record(Schema.String, wired(Digest))
export type WiredDigests = typeof WiredDigests.Type

/** The engine that a stage is to compute with. */
export const WantedEngine = Schema.Struct({
  choice: EngineChoice,
  /** Cores that it may keep busy. */
  threads: Schema.Int
})
export type WantedEngine = typeof WantedEngine.Type

export const Request = Schema.TaggedUnion({
  /** Builds a pipeline and describes its nodes. */
  Elaborate: {
    code: CodeRef,
    pipeline: Schema.String,
    preset: Schema.NullOr(Schema.String),
    /** `--set` arguments, in order: a dotted path and a text. */
    sets: Schema.Array(Schema.Tuple([Schema.String, Schema.String]))
  },
  /** Describes the pipeline or the stages that a bundle exposes, without building anything. */
  Describe: { code: CodeRef, what: Schema.String },
  /** Runs one stage and stores its output. */
  RunStage: {
    code: CodeRef,
    key: Digest,
    /** Where its checkpoints lie. */
    checkpoints: Digest,
    params: Schema.Json,
    inputs: WiredDigests,
    environment: Schema.Record(Schema.String, Schema.String),
    store: Schema.String,
    /** The project's root, which declared files are relative to. */
    root: Schema.String,
    data: Schema.Struct({
      directory: Schema.NullOr(Schema.String),
      cache: Schema.String,
      offline: Schema.Boolean
    }),
    engine: WantedEngine
  },
  /** Starts an engine as a stage would, to see whether and which. */
  StartEngine: { engine: WantedEngine },
  /** Tries all engines, to say which there are. */
  ProbeEngines: {}
})
export type Request = typeof Request.Type

const StageOptions = Schema.Struct({
  cores: Schema.optionalKey(Schema.Int),
  gpu: Schema.optionalKey(Schema.Int),
  memory: Schema.optionalKey(Schema.Int),
  timeoutMillis: Schema.optionalKey(Schema.Finite),
  retries: Schema.optionalKey(Schema.Int),
  environment: Schema.optionalKey(Schema.Array(Schema.String)),
  files: Schema.optionalKey(Schema.Array(Schema.String)),
  fileParams: Schema.optionalKey(Schema.Array(Schema.String)),
  checkpoint: Schema.optionalKey(Schema.Struct({ continues: Schema.Array(Schema.String) }))
})

/** A stage as a pipeline uses it, and where its code is: an export of a module or of a package. */
export const StageUse = Schema.Struct({
  name: Schema.String,
  module: Schema.String,
  export: Schema.String,
  kind: Schema.String,
  inputs: Schema.Record(Schema.String, Schema.String),
  options: StageOptions
})
export type StageUse = typeof StageUse.Type

/** A node as the pipeline built it; wires name other nodes. */
export const BuiltNode = Schema.Struct({
  name: Schema.String,
  /** Index into `stages`. */
  stage: Schema.Int,
  params: Schema.Json,
  inputs: Schema.Record(Schema.String, wired(Schema.String))
})
export type BuiltNode = typeof BuiltNode.Type

export const Remarks = Schema.Struct({
  before: Schema.optionalKey(Schema.String),
  after: Schema.optionalKey(Schema.String)
})

export const Built = Schema.Struct({
  pipeline: Schema.String,
  description: Schema.String,
  remarks: Remarks,
  preset: Schema.String,
  params: Schema.Json,
  presets: Schema.Array(Schema.String),
  stages: Schema.Array(StageUse),
  nodes: Schema.Array(BuiltNode)
})
export type Built = typeof Built.Type

/** A pipeline as `pipeline list` tells it. */
export const PipelineDescription = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  defaultPreset: Schema.String,
  presets: Schema.Record(Schema.String, Schema.Json),
  /** Its params as JSON Schema. */
  params: Schema.Json
})
export type PipelineDescription = typeof PipelineDescription.Type

/** A stage as `pipeline stages` tells it. */
export const StageDescription = Schema.Struct({ ...StageUse.fields, params: Schema.Json })
export type StageDescription = typeof StageDescription.Type

export const Reply = Schema.TaggedUnion({
  Ready: {},
  Described: { pipeline: Schema.NullOr(PipelineDescription), stages: Schema.Array(StageDescription) },
  Elaborated: { built: Built },
  Stored: { digest: Digest },
  EngineStarted: { engine: EngineInfo },
  EnginesProbed: { reports: Schema.Array(EngineReport) },
  Failed: { failure: Failure },
  /** The stage computes with this engine; `because` says why it is this one. */
  Engine: { engine: EngineInfo, because: Schema.String },
  Metric: { name: Schema.String, value: Schema.Number, step: Schema.optionalKey(Schema.Finite) },
  Progress: { done: Schema.Finite, total: Schema.Finite, unit: Schema.String },
  Log: { level: Schema.Literals(["debug", "info", "warning", "error"]), message: Schema.String }
})
export type Reply = typeof Reply.Type
