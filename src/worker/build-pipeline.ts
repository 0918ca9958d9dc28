/** Builds a pipeline for some params and describes it as data: nodes by name, stages by where their code is. */
import { Duration, Effect, Option, Schema } from "effect"
import type { Node, StageMeta, StageOptions } from "../stage/node.ts"
import { BadWiring } from "./bad-wiring.ts"
import { checkWires } from "./check-wires.ts"
import { BadModule, isPipeline, isStage, type LoadedPipeline, loadModule, thrown } from "./loaded.ts"
import { nameNodes } from "./name-nodes.ts"
import { type AnyOutput, isOutput, outputsOf, specName } from "./outputs.ts"
import { problemsOf, resolveParams } from "./params.ts"
import { type Built, type BuiltNode, Remarks, type Request, type StageUse } from "./protocol.ts"

const decodeRemarks = Schema.decodeUnknownSync(Remarks)

/** The modules that a pipeline's bundle exposes, by path or package name, so that stages can be found in them. */
export type Modules = { readonly [module: string]: unknown }

type ElaborateRequest = Extract<Request, { readonly _tag: "Elaborate" }>

export const buildPipeline = Effect.fnUntraced(function* (request: ElaborateRequest) {
  const what = `pipelines/${request.pipeline}.ts`
  const exports = yield* loadModule(request.code, what)
  const pipeline = exports["pipeline"]
  if (!isPipeline(pipeline)) {
    return yield* new BadModule({
      what,
      reason: "its default export is not a pipeline",
      hint: "end the file with `export default Pipeline.make(…)`"
    })
  }
  if (pipeline.name !== request.pipeline) {
    return yield* new BadModule({
      what,
      reason: `its pipeline calls itself \`${pipeline.name}\``,
      hint: `a pipeline has its file's name: Pipeline.make("${request.pipeline}", …)`
    })
  }
  const { preset, params, encoded } = yield* resolveParams(pipeline, request.preset, request.sets)
  const record = yield* Effect.try({
    try: () => pipeline.build(params),
    catch: (cause) => thrown(what, cause, "`build` throws with these params; correct it or change them")
  })
  const said = yield* Effect.try({
    try: () => decodeRemarks(pipeline.remarks?.(params) ?? {}),
    catch: (cause) =>
      thrown(what, cause, "`remarks` gives texts called `before` and `after`, or leaves them out")
  })
  const named = yield* nameNodes(pipeline, record)
  const modules: Modules = { ...modulesOf(exports["modules"]), ...modulesOf(exports["packages"]) }
  const stages = yield* locateStages(pipeline, named, modules)
  return {
    pipeline: pipeline.name,
    description: pipeline.description,
    remarks: said,
    preset,
    params: encoded,
    presets: Object.keys(pipeline.presets),
    stages: stages.uses,
    nodes: yield* Effect.forEach([...named], ([node, name]) =>
      describeNode(pipeline, node, name, named, stages.indexOf)
    )
  } satisfies Built
})

export const isModules = (value: unknown): value is Modules => typeof value === "object" && value !== null
export const modulesOf = (value: unknown): Modules => (isModules(value) ? value : {})

const locateStages = Effect.fnUntraced(function* (
  pipeline: LoadedPipeline,
  named: ReadonlyMap<Node, string>,
  modules: Modules
) {
  const places = new Map<StageMeta, readonly [module: string, name: string]>()
  for (const [module, exports] of Object.entries(modules)) {
    if (!isModules(exports)) continue
    for (const [name, value] of Object.entries(exports)) {
      if (isStage(value) && !places.has(value.meta)) places.set(value.meta, [module, name])
    }
  }
  const uses: Array<StageUse> = []
  const indices = new Map<StageMeta, number>()
  const byName = new Map<string, StageMeta>()
  for (const [{ stage }, node] of named) {
    if (indices.has(stage)) continue
    const place = places.get(stage)
    if (place === undefined) {
      const reason = `stage \`${stage.name}\` of node \`${node}\` is not exported by any module`
      return yield* new BadWiring({
        pipeline: pipeline.name,
        reason,
        hint: "export it by name: a worker loads it from there"
      })
    }
    if (byName.has(stage.name)) {
      const reason = `two stages are called \`${stage.name}\``
      return yield* new BadWiring({
        pipeline: pipeline.name,
        reason,
        hint: "give one of them another name in Stage.make"
      })
    }
    const option = badOption(stage.options)
    if (option !== undefined) {
      const reason = `stage \`${stage.name}\`: \`${option}\` is ${JSON.stringify(stage.options[option])}`
      const hint =
        '`cores` and `retries` are whole numbers, `gpu` and `memory` too, none below 0; `timeout` is a duration such as "10 minutes"'
      return yield* new BadWiring({ pipeline: pipeline.name, reason, hint })
    }
    byName.set(stage.name, stage)
    indices.set(stage, uses.length)
    uses.push(describeStage(stage, place))
  }
  return { uses, indexOf: (stage: StageMeta) => indices.get(stage) ?? -1 }
})

export const describeStage = (stage: StageMeta, [module, name]: readonly [string, string]): StageUse => ({
  name: stage.name,
  module,
  export: name,
  kind: stage.output.name,
  inputs: Object.fromEntries(Object.entries(stage.inputs).map(([input, spec]) => [input, specName(spec)])),
  options: optionsOf(stage.options)
})

/** The first option that means nothing. */
const badOption = (options: StageOptions): "cores" | "gpu" | "memory" | "retries" | "timeout" | undefined => {
  const isCount = (value: number | undefined) =>
    value === undefined || (Number.isInteger(value) && value >= 0)
  const counts = ["cores", "gpu", "memory", "retries"] as const
  const bad = counts.find((name) => !isCount(options[name]))
  if (bad !== undefined) return bad
  const { timeout } = options
  return timeout !== undefined && Option.isNone(Duration.fromInput(timeout)) ? "timeout" : undefined
}

const optionsOf = ({ timeout, ...options }: StageOptions): StageUse["options"] =>
  timeout === undefined
    ? options
    : { ...options, timeoutMillis: Duration.toMillis(Duration.fromInputUnsafe(timeout)) }

const describeNode = Effect.fnUntraced(function* (
  pipeline: LoadedPipeline,
  node: Node,
  name: string,
  named: ReadonlyMap<Node, string>,
  indexOf: (stage: StageMeta) => number
) {
  yield* checkWires(pipeline, node, name)
  const params = yield* Effect.try({
    try: () => node.stage.encodeParams(node.params),
    catch: (cause) => {
      const details = Schema.isSchemaError(cause) ? problemsOf(cause).join("; ") : String(cause)
      const hint = `correct what pipelines/${pipeline.name}.ts passes to \`${node.stage.name}\``
      return new BadWiring({ pipeline: pipeline.name, reason: `node \`${name}\`: ${details}`, hint })
    }
  })
  const encoded = yield* asJson(params)
  const lost = (node.stage.options.checkpoint?.continues ?? []).find((path) => !hasParam(encoded, path))
  if (lost !== undefined) {
    const reason = `stage \`${node.stage.name}\` continues checkpoints with other \`${lost}\`, which node \`${name}\` does not have`
    const hint = "`checkpoint.continues` names params by dotted paths, as their schema encodes them"
    return yield* new BadWiring({ pipeline: pipeline.name, reason, hint })
  }
  const inputs: Record<string, string | ReadonlyArray<string> | { readonly [key: string]: string }> = {}
  const nameOf = (output: AnyOutput) => named.get(output.node) ?? ""
  for (const [input, wire] of Object.entries(node.inputs)) {
    if (isOutput(wire)) inputs[input] = nameOf(wire)
    else if (Array.isArray(wire)) inputs[input] = wire.map(nameOf)
    else inputs[input] = Object.fromEntries(outputsOf(wire).map(([key, output]) => [key, nameOf(output)]))
  }
  return { name, stage: indexOf(node.stage), params: encoded, inputs } satisfies BuiltNode
})

const hasParam = (params: Schema.Json | undefined, path: string): boolean =>
  path.split(".").reduce<unknown>((at, part) => (isModules(at) ? at[part] : undefined), params) !== undefined

const asJson = (value: unknown) => Effect.orDie(Schema.decodeUnknownEffect(Schema.Json)(value ?? null))
