/** What the pipeline's own run shows: its plan, its graph, its nodes, and a description. */
import { Effect } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import { shortDigest } from "../../artifact/digest.ts"
import { mermaid } from "../diagram.ts"
import { encodePlan, type PlanFile } from "../plan-file.ts"
import type { RunView } from "../run-view.ts"
import { type DatasetInput, datasetInputs } from "./dataset-input.ts"
import { graphSvg } from "./graph-svg.ts"
import type { ProducedNode } from "./produced-node.ts"
import { type Grid, tablesTag, tableUpload } from "./table.ts"
import { type ContentError, textUpload, type Upload } from "./upload.ts"

export interface RunContent {
  readonly uploads: ReadonlyArray<Upload>
  /** `mlflow.note.content`, the description, and what tells the UI of tables. */
  readonly tags: { readonly [key: string]: string }
  /** The datasets that the run began with: those of nodes without inputs. */
  readonly datasets: ReadonlyArray<DatasetInput>
}

const nodesFile = "nodes.json"

/**
 * To be logged when the run has ended; while it is alive, it shows how far the run is.
 *
 * @param plan what is planned; absent where only the journal is left, and then there is no graph
 * @param produced the nodes that have an artifact
 */
export const runContent = Effect.fnUntraced(function* (options: {
  readonly plan: PlanFile | undefined
  readonly view: RunView
  readonly produced: ReadonlyArray<ProducedNode>
}): Effect.fn.Return<RunContent, ContentError, Artifacts | Blobs> {
  const { plan, view, produced } = options
  const sources = produced.filter(({ kind, inputs }) => kind === "Dataset" && inputs.length === 0)
  return {
    uploads: [...planUploads(plan), tableUpload(nodesFile, gridOfNodes(view))],
    tags: { ...tablesTag([nodesFile]), "mlflow.note.content": noteOf(plan, view) },
    datasets: yield* datasetInputs(sources.map(({ digest, name }) => ({ digest, node: name, context: name })))
  }
})

const planUploads = (plan: PlanFile | undefined): ReadonlyArray<Upload> =>
  plan === undefined
    ? []
    : [
        textUpload("plan.json", "application/json", () => encodePlan(plan)),
        textUpload("graph.mmd.txt", "text/plain", () => mermaid(plan.nodes)),
        textUpload("graph.svg", "image/svg+xml", () => graphSvg(plan.nodes))
      ]

const gridOfNodes = ({ nodes }: RunView): Grid => ({
  columns: ["node", "stage", "kind", "state", "seconds", "saved seconds", "artifact", "why"],
  rows: nodes.map((node) => [
    node.name,
    node.stage ?? null,
    node.kind ?? null,
    node.state,
    hundredths(node.seconds),
    hundredths(node.savedSeconds),
    node.digest === undefined ? null : shortDigest(node.digest),
    node.failure?.message ?? node.reason ?? null
  ])
})

const hundredths = (seconds: number): number => Number(seconds.toFixed(2))

/** A tag is no place for a thousand lines. */
const mostFailures = 20

/** Markdown, which MLflow shows at the top of the run's page. */
const noteOf = (plan: PlanFile | undefined, view: RunView): string => {
  const counts = Object.entries(view.counts).flatMap(([state, count]) =>
    count === 0 ? [] : [`${count} ${state}`]
  )
  const failures = view.nodes.flatMap(({ name, failure, state }) =>
    failure === undefined || state !== "failed" ? [] : [`- \`${name}\`: ${failure.message}`]
  )
  return [
    ...(plan === undefined || plan.description === "" ? [] : [`${plan.description}.`, ""]),
    `Pipeline \`${view.pipeline}\`, preset \`${view.preset}\`, run \`${view.id}\`: **${view.status}**, ${counts.join(", ")}.`,
    ...(view.savedSeconds > 0 ? [`The cache saved ${hundredths(view.savedSeconds)} s.`] : []),
    ...(failures.length === 0 ? [] : ["", "Failed:", "", ...failures.slice(0, mostFailures)]),
    "",
    `Nodes are in \`${nodesFile}\`, the graph is in \`graph.svg\`; each node has a run of its own under this one.`
  ].join("\n")
}
