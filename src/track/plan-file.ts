/** The plan of a run, as `runs/<id>/plan.json` keeps it: what the nodes are, and which code they stand for. */
import { Option, Schema } from "effect"
import { fromShallowJson } from "../artifact/shallow-json.ts"
import { PlannedNode } from "./event.ts"

const Texts = Schema.Record(Schema.String, Schema.String)

export const PlanFile = fromShallowJson(
  Schema.Struct({
    pipeline: Schema.String,
    description: Schema.String,
    preset: Schema.String,
    params: Schema.Json,
    stages: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        kind: Schema.String,
        code: Schema.String,
        modules: Texts,
        packages: Texts
      })
    ),
    nodes: Schema.Array(PlannedNode)
  })
)
export type PlanFile = typeof PlanFile.Type

export const encodePlan = Schema.encodeSync(PlanFile)

const decode = Schema.decodeUnknownOption(PlanFile)

/** The plan in a file's text; nothing where it is none. */
export const decodePlan = (text: string): PlanFile | undefined => Option.getOrUndefined(decode(text))
