/** What two runs do not have in common. */
import type { Schema } from "effect"
import { leaves } from "../text/leaves.ts"
import type { NodeState, NodeView, RunView } from "./run-view.ts"

/** A run without its nodes: one row of `pipeline runs`. */
export type RunSummary = Omit<RunView, "nodes" | "params">

export const summaryOfRun = ({ nodes: _nodes, params: _params, ...summary }: RunView): RunSummary => summary

/** A value in both runs; it is absent where a run does not have it. */
export interface Change<T> {
  readonly name: string
  readonly a?: T
  readonly b?: T
}

export interface NodeDiff {
  readonly name: string
  readonly state?: { readonly a: NodeState; readonly b: NodeState }
  readonly digest?: { readonly a?: string; readonly b?: string }
  readonly params: ReadonlyArray<Change<Schema.Json>>
  readonly metrics: ReadonlyArray<Change<number>>
}

/** What `pipeline diff --json` prints. */
export interface RunDiff {
  readonly a: RunSummary
  readonly b: RunSummary
  readonly params: ReadonlyArray<Change<Schema.Json>>
  /** Nodes of both runs that differ, in the order of `a`. */
  readonly nodes: ReadonlyArray<NodeDiff>
  readonly onlyInA: ReadonlyArray<string>
  readonly onlyInB: ReadonlyArray<string>
  /** Nodes of both runs that do not differ. */
  readonly same: number
}

export const diffRuns = (a: RunView, b: RunView): RunDiff => {
  const ofA = new Map(a.nodes.map((node) => [node.name, node]))
  const ofB = new Map(b.nodes.map((node) => [node.name, node]))
  const diffs: Array<NodeDiff> = []
  let same = 0
  for (const node of a.nodes) {
    const other = ofB.get(node.name)
    if (other === undefined) continue
    const diff = diffNodes(node, other)
    if (differs(diff)) diffs.push(diff)
    else same++
  }
  return {
    a: summaryOfRun(a),
    b: summaryOfRun(b),
    params: diffParams(a.params, b.params),
    nodes: diffs,
    onlyInA: a.nodes.map(({ name }) => name).filter((name) => !ofB.has(name)),
    onlyInB: b.nodes.map(({ name }) => name).filter((name) => !ofA.has(name)),
    same
  }
}

/** Whether the runs are the same in all that a diff looks at. */
export const isEmptyDiff = (diff: RunDiff): boolean =>
  diff.params.length + diff.nodes.length + diff.onlyInA.length + diff.onlyInB.length === 0

const diffNodes = (a: NodeView, b: NodeView): NodeDiff => ({
  name: a.name,
  ...(a.state === b.state ? {} : { state: { a: a.state, b: b.state } }),
  ...(a.digest === b.digest ? {} : { digest: pair(a.digest, b.digest) }),
  params: diffParams(a.params ?? {}, b.params ?? {}),
  metrics: changes(Object.entries(a.metrics), Object.entries(b.metrics), sameNumber)
})

const differs = (diff: NodeDiff): boolean =>
  diff.state !== undefined || diff.digest !== undefined || diff.params.length + diff.metrics.length > 0

const diffParams = (a: Schema.Json, b: Schema.Json): Array<Change<Schema.Json>> =>
  changes(entries(a), entries(b), (x, y) => JSON.stringify(x) === JSON.stringify(y))

const entries = (params: Schema.Json) => leaves(params).map(({ path, value }) => [path, value] as const)

/** The entries that differ: those of `a` in their order, then what only `b` has. */
const changes = <T>(
  a: ReadonlyArray<readonly [string, T]>,
  b: ReadonlyArray<readonly [string, T]>,
  same: (a: T, b: T) => boolean
): Array<Change<T>> => {
  const inA = new Map(a)
  const inB = new Map(b)
  const found: Array<Change<T>> = []
  for (const name of new Set([...inA.keys(), ...inB.keys()])) {
    const left = inA.get(name)
    const right = inB.get(name)
    if (left !== undefined && right !== undefined && same(left, right)) continue
    found.push({ name, ...pair(left, right) })
  }
  return found
}

const pair = <T>(a: T | undefined, b: T | undefined): { readonly a?: T; readonly b?: T } => ({
  ...(a === undefined ? {} : { a }),
  ...(b === undefined ? {} : { b })
})

/** NaN is like NaN, and 0 is like -0: neither is news. */
const sameNumber = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))
