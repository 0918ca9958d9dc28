/** `pipeline graph`: a drawing of the plan. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { textDiagram } from "../../plan/text-diagram.ts"
import { dot, mermaid } from "../../track/diagram.ts"
import { engineFlags } from "../engine.ts"
import * as flags from "../flags.ts"
import { printJson, printResult, resultWidth } from "../output.ts"
import { displayWidth } from "../view/text.ts"
import { decide } from "./plan.ts"

export const graph = Command.make(
  "graph",
  {
    pipeline: flags.pipeline,
    preset: flags.preset,
    sets: flags.sets,
    ...flags.scope,
    format: Flag.Literals("format", ["text", "mermaid", "dot"]).pipe(
      Flag.withAlias("f"),
      Flag.withDescription("how to draw it"),
      Flag.withDefault("text")
    ),
    ...engineFlags,
    json: flags.json,
    store: flags.store
  },
  Effect.fn("graph")(function* (options) {
    const { elaboration, nodes, decisions } = yield* decide(options)
    const words = new Map(decisions.map(({ node, decision }) => [node, decision]))
    const planned = nodes.map(({ name, stage, params, inputs }) => {
      const { name: stageName = "", kind = "" } = elaboration.stages[stage] ?? {}
      return { name, stage: stageName, kind, params, inputs }
    })
    if (options.json) {
      const { pipeline, preset } = elaboration
      return yield* printJson({ pipeline, preset, nodes: planned })
    }
    if (options.format === "mermaid") return yield* printResult(mermaid(planned, words))
    if (options.format === "dot") return yield* printResult(dot(planned, words))
    yield* printResult(
      `${textDiagram(planned, { decisions: words, columns: resultWidth() ?? 100, measure: displayWidth }).join("\n")}\n`
    )
  })
).pipe(
  Command.withDescription("Draw a pipeline: as text, Mermaid or Graphviz DOT"),
  Command.withExamples([
    { command: "pipeline graph mnist-advtrain", description: "in the terminal" },
    {
      command: "pipeline graph mnist-advtrain --format dot | dot -Tsvg > graph.svg",
      description: "as a picture"
    }
  ])
)
