/** A run with what its small artifacts hold, as far as it is there. */
import { Effect } from "effect"
import type { Provenance, Revision } from "../artifact/action.ts"
import { Artifacts } from "../artifact/artifacts.ts"
import { Evaluation } from "../artifact/kinds/evaluation.ts"
import { Figure } from "../artifact/kinds/figure.ts"
import { Sweep } from "../artifact/kinds/sweep.ts"
import { Table } from "../artifact/kinds/table.ts"
import { Leases } from "../artifact/leases.ts"
import type { NodeView } from "../track/run-node.ts"
import { RunStore, runLeaseKey } from "../track/run-store.ts"
import { foldRun, type RunView } from "../track/run-view.ts"
import { withEarlierCurves } from "./earlier-curves.ts"

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
  const view = yield* withEarlierCurves({ ...folded, id }, limits)
  const held: HeldArtifacts = { tables: [], sweeps: [], evaluations: [], figures: [] }
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
}

/** Of other kinds only the manifest is looked at: whether it is there. */
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
  }
})

/** The nodes that a node is made of. */
export const sourcesOf = ({ inputs = {} }: NodeView): ReadonlyArray<string> =>
  Object.values(inputs).flatMap((input) => (typeof input === "string" ? [input] : Object.values(input)))
