/** Describes what a bundle exposes, for `pipeline list` and `pipeline stages`. */
import { Effect, Schema } from "effect"
import { describeStage, isModules, modulesOf } from "./build-pipeline.ts"
import { isPipeline, isStage, loadModule } from "./loaded.ts"
import type { PipelineDescription, Request, StageDescription } from "./protocol.ts"

type DescribeRequest = Extract<Request, { readonly _tag: "Describe" }>

export const describe = Effect.fnUntraced(function* (request: DescribeRequest) {
  const exports = yield* loadModule(request.code, request.what)
  const candidate = exports["pipeline"]
  const pipeline = isPipeline(candidate) ? yield* describePipeline(candidate) : null
  const stages: Array<StageDescription> = []
  for (const [module, members] of Object.entries(modulesOf(exports["modules"]))) {
    if (!isModules(members)) continue
    for (const [name, value] of Object.entries(members)) {
      if (!isStage(value)) continue
      stages.push({
        ...describeStage(value.meta, [module, name]),
        params: yield* jsonSchemaOf(value.meta.params)
      })
    }
  }
  return { pipeline, stages }
})

const describePipeline = Effect.fnUntraced(function* (pipeline: {
  readonly name: string
  readonly description: string
  readonly defaultPreset: string
  readonly params: Schema.Codec<unknown, unknown>
  readonly presets: { readonly [preset: string]: unknown }
}) {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(pipeline.params))
  const presets: Record<string, Schema.Json> = {}
  for (const [preset, params] of Object.entries(pipeline.presets)) {
    presets[preset] = yield* Effect.flatMap(encode(params), asJson)
  }
  const { name, description, defaultPreset } = pipeline
  return {
    name,
    description,
    defaultPreset,
    presets,
    params: yield* jsonSchemaOf(pipeline.params)
  } satisfies PipelineDescription
})

const jsonSchemaOf = (schema: Schema.Codec<unknown, unknown>) => {
  const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema)
  return asJson(Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions })
}

/** A JSON Schema document may hold `undefined`; its text does not. */
const asJson = (value: unknown) =>
  Effect.orDie(Schema.decodeUnknownEffect(Schema.Json)(JSON.parse(JSON.stringify(value))))
