/** A run with what its small artifacts hold, as far as it is there. */
import { Effect } from "effect"
import type { Provenance, Revision } from "../artifact/action.ts"
import { Artifacts } from "../artifact/artifacts.ts"
import type { ArtifactReader } from "../artifact/kind.ts"
import { Evaluation } from "../artifact/kinds/evaluation.ts"
import { Figure } from "../artifact/kinds/figure.ts"
import { readHistory } from "../artifact/kinds/model.ts"
import { curvesOf } from "../artifact/kinds/model-history.ts"
import { Sweep } from "../artifact/kinds/sweep.ts"
import { Table } from "../artifact/kinds/table.ts"
import { Leases } from "../artifact/leases.ts"
import { type CurvePoints, thinned } from "../figure/curve-chart.ts"
import type { NodeView } from "../track/run-node.ts"
import { RunStore, runLeaseKey } from "../track/run-store.ts"
import { foldRun, type RunView } from "../track/run-view.ts"

/** A node with what its artifact holds. */
export interface Held<Value> {
  readonly node: NodeView
  readonly value: Value
}

export interface ReportRun {
  readonly view: RunView
  /** What the pipeline says of itself; empty where the plan is not at hand. */
  readonly description: string
  readonly provenance: Provenance | undefined
  readonly revision: Revision | undefined
  /** Artifacts of the kinds that a report shows, in the order of the run. */
  readonly tables: ReadonlyArray<Held<Table>>
  readonly sweeps: ReadonlyArray<Held<Sweep>>
  readonly evaluations: ReadonlyArray<Held<Evaluation>>
  readonly figures: ReadonlyArray<Held<Figure>>
  /** By node, the curves that a model keeps of its training; of those whose run logged them itself, that is not read. */
  readonly histories: ReadonlyMap<string, CurvePoints>
  /** Nodes whose artifact cannot be read, and why. */
  readonly unreadable: ReadonlyMap<string, string>
}

/** Log lines and points of a curve that a report has room for. */
const limits = { points: 200, logs: 25 }

/** @param reference `last`, `last~1`, an identifier or the beginning of one */
export const reportRun = Effect.fnUntraced(function* (reference: string) {
  const runs = yield* RunStore
  const leases = yield* Leases
  const id = yield* runs.find(reference)
  const { plan, events } = yield* runs.read(id)
  const ended = events.some(({ _tag }) => _tag === "RunFinished")
  const alive = !ended && (yield* leases.holder(runLeaseKey(id))) !== undefined
  const folded = foldRun(events, plan?.nodes ?? [], { alive, ...limits })
  // A journal that was cut at its first line does not know its own run.
  const view = { ...folded, id }
  const held: HeldArtifacts = { tables: [], sweeps: [], evaluations: [], figures: [], histories: new Map() }
  const unreadable = new Map<string, string>()
  for (const node of view.nodes)
    yield* hold(held, node).pipe(
      Effect.catch(({ message }) => Effect.sync(() => void unreadable.set(node.name, message)))
    )
  const started = events.find((event) => event._tag === "RunStarted")
  const revision = events.find((event) => event._tag === "Revision")
  const run: ReportRun = {
    view,
    description: plan?.description ?? "",
    provenance: started?.provenance,
    revision,
    ...held,
    unreadable
  }
  return run
})

interface HeldArtifacts {
  readonly tables: Array<Held<Table>>
  readonly sweeps: Array<Held<Sweep>>
  readonly evaluations: Array<Held<Evaluation>>
  readonly figures: Array<Held<Figure>>
  readonly histories: Map<string, CurvePoints>
}

/** Of other kinds, and of weights, only the manifest is looked at: whether it is there. */
const hold = Effect.fnUntraced(function* (held: HeldArtifacts, node: NodeView) {
  const { digest } = node
  if (digest === undefined) return
  const reader = yield* Effect.flatMap(Artifacts, (artifacts) => artifacts.reader(digest))
  switch (node.kind) {
    case "Table":
      held.tables.push({ node, value: yield* Table.decode(reader) })
      break
    case "Sweep":
      held.sweeps.push({ node, value: yield* Sweep.decode(reader) })
      break
    case "Evaluation":
      held.evaluations.push({ node, value: yield* Evaluation.decode(reader) })
      break
    case "Figure":
      held.figures.push({ node, value: yield* Figure.decode(reader) })
      break
    case "Model":
      if (!isCurve(node.series)) yield* holdHistory(held, node.name, reader)
  }
})

const holdHistory = Effect.fnUntraced(function* (held: HeldArtifacts, name: string, reader: ArtifactReader) {
  const history = yield* readHistory(reader)
  if (history === undefined) return
  const curves = Object.entries(curvesOf(history))
  held.histories.set(
    name,
    Object.fromEntries(curves.map(([metric, points]) => [metric, thinned(points, limits.points)]))
  )
})

/** Whether there is more than one value of anything. */
export const isCurve = (curves: CurvePoints): boolean =>
  Object.values(curves).some(({ length }) => length > 1)

/** The nodes that a node is made of. */
export const sourcesOf = ({ inputs = {} }: NodeView): ReadonlyArray<string> =>
  Object.values(inputs).flatMap((input) => (typeof input === "string" ? [input] : Object.values(input)))
