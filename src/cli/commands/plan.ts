/** `pipeline plan`: what would run, and why. */
import { Effect, Option } from "effect"
import { Command } from "effect/cli"
import { elaborate } from "../../plan/elaborate.ts"
import { nodesInScope } from "../../plan/scope.ts"
import { type Decision, forecast } from "../../schedule/forecast.ts"
import { engineFlags, wantedEngine } from "../engine.ts"
import * as flags from "../flags.ts"
import { printJson, printResult, resultStyle, resultWidth } from "../output.ts"
import { storeServices } from "../store.ts"
import { planText } from "../view/plan.ts"

interface PlanRequest {
  readonly pipeline: string
  readonly preset: Option.Option<string>
  readonly sets: ReadonlyArray<readonly [string, string]>
  readonly only: ReadonlyArray<string>
  readonly from: ReadonlyArray<string>
  readonly force: ReadonlyArray<string>
  readonly store: Option.Option<string>
  readonly json: boolean
  readonly engine: Option.Option<string>
  readonly engineStrict: boolean
}

/** The elaborated pipeline, the nodes in scope, and what would become of each. */
export const decide = Effect.fnUntraced(function* (request: PlanRequest) {
  const { project, store } = yield* flags.located(request.store)
  const { layout, services } = storeServices(store, { create: true })
  return yield* Effect.gen(function* () {
    const { strict } = yield* wantedEngine(request)
    const preset = Option.getOrNull(request.preset)
    const elaboration = yield* elaborate(project, layout, {
      pipeline: request.pipeline,
      preset,
      sets: request.sets
    })
    const nodes = yield* nodesInScope(elaboration, request)
    const force = new Set(request.force)
    const decisions: ReadonlyArray<Decision> = yield* forecast({
      elaboration,
      nodes,
      layout,
      root: project.root,
      force,
      environment: process.env,
      engine: strict
    })
    return { elaboration, nodes, decisions }
  }).pipe(Effect.provide(services))
})

export const showPlan = Effect.fnUntraced(function* (request: PlanRequest) {
  const { elaboration, decisions } = yield* decide(request)
  const { pipeline, preset, params, remarks } = elaboration
  if (request.json) return yield* printJson({ pipeline, preset, params, remarks, nodes: decisions })
  yield* printResult(
    planText(
      { pipeline, preset, decisions, remark: remarks.before },
      { style: resultStyle(), width: resultWidth() }
    )
  )
})

export const plan = Command.make(
  "plan",
  {
    pipeline: flags.pipeline,
    preset: flags.preset,
    sets: flags.sets,
    ...flags.scope,
    ...engineFlags,
    json: flags.json,
    store: flags.store
  },
  showPlan
).pipe(
  Command.withDescription("Show what would run, and why"),
  Command.withExamples([
    { command: "pipeline plan mnist-advtrain --set seed=2", description: "which nodes another seed touches" }
  ])
)
