/**
 * Curves of trainings that were cached: they are in the journal of the run that computed them, which the action record names.
 */
import { Effect } from "effect"
import { Actions } from "../artifact/actions.ts"
import type { NodeView } from "../track/run-node.ts"
import { RunStore } from "../track/run-store.ts"
import { type FoldLimits, foldRun, type RunView } from "../track/run-view.ts"

/** Earlier runs that are read at most: each has a journal of its own. */
const mostRuns = 4

/** The run with the curves of its cached trainings, as far as the runs that computed them are still there. */
export const withEarlierCurves = Effect.fnUntraced(function* (view: RunView, limits: FoldLimits) {
  const actions = yield* Actions
  const runs = yield* RunStore
  const computedBy = new Map<string, string>()
  for (const { name, kind, state, key } of view.nodes) {
    if (state !== "cached" || kind !== "Model" || key === undefined) continue
    const found = yield* Effect.option(actions.lookup(key))
    if (found._tag === "Some" && found.value._tag === "Found")
      computedBy.set(name, found.value.record.provenance.run)
  }
  const known = new Set(yield* runs.ids)
  const earlier = [...new Set(computedBy.values())].filter((id) => id !== view.id && known.has(id))
  const series = new Map<string, NodeView["series"]>()
  for (const id of earlier.slice(0, mostRuns)) {
    const { events } = yield* runs.read(id)
    for (const node of foldRun(events, [], limits).nodes)
      if (node.key !== undefined && node.state === "ran") series.set(`${id} ${node.key}`, node.series)
  }
  const nodes = view.nodes.map((node) => {
    const own = series.get(`${computedBy.get(node.name)} ${node.key}`)
    return own === undefined || Object.keys(node.series).length > 0 ? node : { ...node, series: own }
  })
  return { ...view, nodes }
})
