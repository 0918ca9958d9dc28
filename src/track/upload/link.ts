/** Addresses in MLflow's user interface. */
import type { Cursor } from "./cursor.ts"
import { runKeyOf } from "./operation.ts"

export const runUrl = (server: string, experiment: string, run: string): string =>
  `${server}/#/experiments/${experiment}/runs/${run}`

/** A page that shows runs of one server side by side. */
export const compareUrl = (
  server: string,
  experiments: ReadonlyArray<string>,
  runs: ReadonlyArray<string>
): string => {
  const list = (texts: ReadonlyArray<string>) => encodeURIComponent(JSON.stringify([...new Set(texts)]))
  return `${server}/#/compare-runs?runs=${list(runs)}&experiments=${list(experiments)}`
}

/** The MLflow run of a pipeline run, if it has one there. */
export const rootRunOf = ({ runs, state }: Cursor): string | undefined =>
  state.first === undefined ? undefined : new Map(runs).get(runKeyOf(state.first))

export const urlOf = (cursor: Cursor): string | undefined => {
  const run = rootRunOf(cursor)
  return run === undefined || cursor.experiment === undefined
    ? undefined
    : runUrl(cursor.server, cursor.experiment, run)
}
