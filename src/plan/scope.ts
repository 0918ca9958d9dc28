/** Which nodes a command is concerned with: all, those that one needs (`--only`), those that follow from one (`--from`). */
import { Effect, Schema } from "effect"
import type { ElaboratedNode, Elaboration } from "./elaboration.ts"
import { dependenciesOf } from "./order.ts"

export interface ScopeRequest {
  /** These nodes and what they need. */
  readonly only: ReadonlyArray<string>
  /** These nodes, all that depends on them, and what these need. */
  readonly from: ReadonlyArray<string>
  /** These run even if they are cached. */
  readonly force: ReadonlyArray<string>
}

export class UnknownNode extends Schema.TaggedError<UnknownNode>()("UnknownNode", {
  pipeline: Schema.String,
  name: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.pipeline} has no node \`${this.name}\``
  }
}

/** The nodes in question, in their order. */
export const nodesInScope = Effect.fnUntraced(function* (
  elaboration: Elaboration,
  { only, from, force }: ScopeRequest
) {
  const { nodes, pipeline } = elaboration
  const known = new Set(nodes.map(({ name }) => name))
  const missing = [...only, ...from, ...force].find((name) => !known.has(name))
  if (missing !== undefined) return yield* new UnknownNode({ pipeline, name: missing, known: [...known] })
  if (only.length === 0 && from.length === 0) return nodes
  const wanted = new Set([...only, ...followers(nodes, from)])
  const needed = withDependencies(nodes, wanted)
  return nodes.filter(({ name }) => needed.has(name))
})

/** Nodes are in topological order, so one pass in either direction suffices. */
const followers = (
  nodes: ReadonlyArray<ElaboratedNode>,
  from: ReadonlyArray<string>
): ReadonlySet<string> => {
  const found = new Set(from)
  for (const node of nodes)
    if (dependenciesOf(node.inputs).some((name) => found.has(name))) found.add(node.name)
  return found
}

const withDependencies = (
  nodes: ReadonlyArray<ElaboratedNode>,
  wanted: ReadonlySet<string>
): ReadonlySet<string> => {
  const found = new Set(wanted)
  for (const node of [...nodes].reverse()) {
    if (found.has(node.name)) for (const name of dependenciesOf(node.inputs)) found.add(name)
  }
  return found
}
