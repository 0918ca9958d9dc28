/** Files, datasets and models that a server did not take for now, so that `pipeline track sync` can try them again. */
import { Schema } from "effect"
import { Digest } from "../../artifact/digest.ts"
import { Point } from "./state.ts"

const Input = Schema.Struct({
  input: Schema.String,
  node: Schema.String,
  kind: Schema.String,
  digest: Digest
})

const Node = Schema.Struct({
  name: Schema.String,
  stage: Schema.String,
  kind: Schema.String,
  params: Schema.Json,
  digest: Digest,
  at: Schema.Finite,
  inputs: Schema.Array(Input)
})

/** Operations that show something, as the cursor keeps them. */
const Showing = Schema.TaggedUnion({
  Produced: {
    run: Schema.String,
    node: Node,
    results: Schema.Array(Point),
    foundUnder: Schema.optionalKey(Schema.String),
    isShown: Schema.Boolean
  },
  Ended: { run: Schema.String }
})

export const Missing = Schema.Struct({
  /** To be done again. */
  operation: Showing,
  /** What is missing and why, in sentences. */
  because: Schema.Array(Schema.String)
})
export type Missing = typeof Missing.Type

/** Names what is missing: of each MLflow run there is at most one of a kind. */
export const missingKey = ({ _tag, run }: Missing["operation"]): string => `${_tag} ${run}`
