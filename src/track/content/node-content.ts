/** What one node's run shows: by the kind of its artifact, and by its inputs. */
import { Effect } from "effect"
import { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import type { ArtifactReader } from "../../artifact/kind.ts"
import { Evaluation } from "../../artifact/kinds/evaluation.ts"
import { Model } from "../../artifact/kinds/model.ts"
import { Sweep } from "../../artifact/kinds/sweep.ts"
import { Table } from "../../artifact/kinds/table.ts"
import type { AttackContext } from "./attacked-images.ts"
import { type DatasetInput, datasetInputs } from "./dataset-input.ts"
import { figureContent } from "./figure.ts"
import { type LoggedModel, loggedModel } from "./logged-model.ts"
import type { Example } from "./model-files.ts"
import { openDataset } from "./open-artifact.ts"
import type { NodeInput, ProducedNode } from "./produced-node.ts"
import { sampleImages } from "./sample-images.ts"
import { sweepChart } from "./sweep-chart.ts"
import { type Grid, gridOfEvaluation, gridOfSweep, gridOfTable, tablesTag, tableUpload } from "./table.ts"
import { blobUpload, type ContentError, textUpload, type Upload } from "./upload.ts"

export interface NodeContent {
  /** Files of the node's run. To be uploaded before `tags`, which tell the UI of them. */
  readonly uploads: ReadonlyArray<Upload>
  readonly tags: { readonly [key: string]: string }
  /** What the node used, and the dataset that it made, as `output`. */
  readonly datasets: ReadonlyArray<DatasetInput>
  /** The model that the node made. */
  readonly models: ReadonlyArray<LoggedModel>
}

/** What a kind shows of its artifact. */
interface Shown {
  readonly uploads?: ReadonlyArray<Upload>
  readonly tags?: { readonly [key: string]: string }
  readonly models?: ReadonlyArray<LoggedModel>
  /** Markdown. */
  readonly note?: string
}

/**
 * Describes a node whose artifact is in the store. Small artifacts are read; of datasets a few rows, of models the headers; of an
 * attacked dataset the model judges ten images. What the uploads cost, they cost when they are sent.
 */
export const nodeContent = Effect.fnUntraced(function* (
  node: ProducedNode
): Effect.fn.Return<NodeContent, ContentError, Artifacts | Blobs> {
  const reader = yield* Effect.flatMap(Artifacts, (artifacts) => artifacts.reader(node.digest))
  const { uploads = [], tags = {}, models = [], note } = yield* shownOf(node, reader)
  const used = node.inputs
    .filter(({ kind }) => kind === "Dataset")
    .map((input) => ({ digest: input.digest, node: input.node, context: contextOf(node, input) }))
  const made = node.kind === "Dataset" ? [{ digest: node.digest, node: node.name, context: "output" }] : []
  return {
    uploads,
    tags: note === undefined ? tags : { ...tags, "mlflow.note.content": note },
    datasets: yield* datasetInputs([...used, ...made]),
    models
  }
})

/** What a dataset was to the node: the input's name, and for the plain `data` the word that MLflow's users have for it. */
const contextOf = ({ kind, inputs }: ProducedNode, { input }: NodeInput): string => {
  if (input !== "data") return input
  if (kind === "Model") return "training"
  if (!inputs.some(({ kind }) => kind === "Model")) return input
  return kind === "Dataset" ? "attack source" : "evaluation"
}

const shownOf = (
  node: ProducedNode,
  reader: ArtifactReader
): Effect.Effect<Shown, ContentError, Artifacts | Blobs> => {
  switch (node.kind) {
    case "Table":
      return Effect.map(Table.decode(reader), (table) => ({
        ...tableShown("table.json", gridOfTable(table)),
        note: [`**${table.title}**`, ...unitsOf(table)].join("\n\n")
      }))
    case "Evaluation":
      return Effect.map(Evaluation.decode(reader), (evaluation) => ({
        ...tableShown("evaluation.json", gridOfEvaluation(evaluation)),
        note: [`**${evaluation.title}**`, ...metricsOf(evaluation)].join("\n\n")
      }))
    case "Sweep":
      return Effect.map(Sweep.decode(reader), (sweep) => {
        const { uploads, tags } = tableShown("sweep.json", gridOfSweep(sweep))
        const chart = textUpload("figures/accuracy.svg", "image/svg+xml", () => sweepChart(sweep))
        return { uploads: [...uploads, chart], tags, note: `**${sweep.title}**` }
      })
    case "Figure":
      return figureContent(reader)
    case "Dataset":
      return datasetShown(node)
    case "Model":
      return modelShown(node)
    default:
      return otherShown(reader)
  }
}

/** The columns' units, which the table has no place for. */
const unitsOf = ({ columns }: Table): ReadonlyArray<string> => {
  const units = columns.flatMap(({ name, unit }) =>
    unit === undefined || unit === name ? [] : [`${name} (${unit})`]
  )
  return units.length === 0 ? [] : [`Units: ${units.join(", ")}`]
}

/** The numbers that are of no class. */
const metricsOf = ({ metrics }: Evaluation): ReadonlyArray<string> => {
  const lines = Object.entries(metrics).map(([name, value]) => `- ${name}: ${Number(value.toPrecision(6))}`)
  return lines.length === 0 ? [] : [lines.join("\n")]
}

const tableShown = (path: string, grid: Grid) => ({
  uploads: [tableUpload(path, grid)],
  tags: tablesTag([path])
})

const datasetShown = Effect.fnUntraced(function* (node: ProducedNode) {
  const dataset = yield* openDataset(node.digest)
  const { name, shape, classes, notes } = dataset.info
  const sets = node.inputs.filter(({ kind }) => kind === "Dataset")
  const model = node.inputs.find(({ kind }) => kind === "Model")
  const isAttack = notes["attack"] !== undefined && model !== undefined
  const images = yield* sampleImages(dataset, {
    name: { of: node.digest, at: node.at },
    isArranged: sets.length > 0,
    attack: isAttack ? yield* attackContext(model, sets) : undefined
  })
  return {
    ...images,
    note: `**${name}**\n\n${dataset.count} images ${shape.join(" × ")}, ${classes.length} classes`
  }
})

/** An attack has one set of images. Where there are more, it is not known which one they were. */
const attackContext = (
  model: NodeInput,
  [clean, ...others]: ReadonlyArray<NodeInput>
): Effect.Effect<AttackContext, ContentError, Artifacts | Blobs> =>
  Effect.gen(function* () {
    const artifacts = yield* Artifacts
    return {
      clean: clean === undefined || others.length > 0 ? undefined : yield* openDataset(clean.digest),
      model: yield* Effect.flatMap(artifacts.reader(model.digest), Model.decode)
    }
  })

/** Images of the first dataset that the model was made of. */
const modelShown = Effect.fnUntraced(function* (node: ProducedNode) {
  const context = yield* Effect.context<Artifacts | Blobs>()
  const data = node.inputs.find(({ kind }) => kind === "Dataset")
  const example: Effect.Effect<Example | undefined> = Effect.gen(function* () {
    if (data === undefined) return undefined
    const dataset = yield* openDataset(data.digest)
    const { images } = yield* dataset.rows(0, Math.min(exampleRows, dataset.count))
    return { shape: dataset.info.shape, images }
  }).pipe(
    Effect.provideContext(context),
    // The data may be collected by now, where the model is still there.
    Effect.catch(() => Effect.succeed(undefined))
  )
  const model = yield* loggedModel(node, example)
  const { network, weights, layers } = model.params
  return { models: [model], note: `**${network}**, ${weights} weights\n\n${layers}` }
})

const exampleRows = 2

/** Other kinds' files go as they are, unless they are large. */
const mostBytes = 1 << 20

const otherShown = Effect.fnUntraced(function* (reader: ArtifactReader) {
  const files = Object.entries(reader.manifest.files)
  if (files.reduce((sum, [, { size }]) => sum + size, 0) > mostBytes) return {}
  const uploads = yield* Effect.forEach(files, ([name]) =>
    Effect.map(reader.open(name), (blob) =>
      blobUpload(
        `artifact/${name}`,
        name.endsWith(".json") ? "application/json" : "application/octet-stream",
        blob
      )
    )
  )
  return { uploads }
})
