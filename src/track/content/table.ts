/**
 * Tables as MLflow shows and loads them: JSON as pandas writes it with `orient="split"`, and a tag that names the file.
 *
 * Each kind has one path, so that MLflow's table view compares all runs of a kind and `mlflow.load_table` joins them.
 */
import type { Evaluation } from "../../artifact/kinds/evaluation.ts"
import type { Sweep } from "../../artifact/kinds/sweep.ts"
import type { Table } from "../../artifact/kinds/table.ts"
import { jsonUpload, type Upload } from "./upload.ts"

export type Cell = Table["rows"][number][number]

/** Rows under named columns. */
export interface Grid {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>
}

/** @param path without quotes, commas, colons and brackets, which MLflow's own check refuses */
export const tableUpload = (path: string, { columns, rows }: Grid): Upload =>
  jsonUpload(path, () => ({ columns: distinct(columns), data: rows.map((cells) => cells.map(jsonCell)) }))

/** The tag that tells MLflow's UI and `load_table` which files are tables. */
export const tablesTag = (paths: ReadonlyArray<string>): { readonly [key: string]: string } =>
  paths.length === 0
    ? {}
    : { "mlflow.loggedArtifacts": JSON.stringify(paths.map((path) => ({ path, type: "table" }))) }

/** pandas reads null as NaN. Infinities stay visible, as text. */
const jsonCell = (cell: Cell): Cell => {
  if (typeof cell !== "number" || Number.isFinite(cell)) return cell
  return Number.isNaN(cell) ? null : String(cell)
}

/** A data frame's columns should differ: the second `loss` becomes `loss 2`. */
const distinct = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name} ${number}`
    taken.add(free)
    return free
  })
}

export const gridOfTable = ({ columns, rows }: Table): Grid => ({
  columns: columns.map(({ name }) => name),
  rows
})

/** A row for each class, and one for all images together. */
export const gridOfEvaluation = ({ count, correct, perClass }: Evaluation): Grid => ({
  columns: ["class", "images", "correct", "accuracy"],
  rows: [...perClass, { name: "all", count, correct }].map(({ name, count, correct }) => [
    name,
    count,
    correct,
    share(correct, count)
  ])
})

/** A row for each epsilon and set of images. */
export const gridOfSweep = ({ points, source }: Sweep): Grid => ({
  columns: [
    "epsilon",
    "set",
    "threat model",
    "images",
    "correct",
    "accuracy",
    "confidence",
    "confidence when wrong",
    "loss"
  ],
  rows: points.flatMap(({ epsilon, trials }) =>
    trials.map((trial) => [
      epsilon,
      trial.set,
      source,
      trial.count,
      trial.correct,
      share(trial.correct, trial.count),
      trial.confidence,
      trial.wrongConfidence,
      trial.loss
    ])
  )
})

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
