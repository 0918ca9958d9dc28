/** Which nodes two builds of a pipeline share: what the cache would find again, as long as stages give the same bytes. */
import { createHash } from "node:crypto"
import type { Node } from "../../src/stage/node.ts"
import type { Output } from "../../src/stage/output.ts"
import type { Nodes } from "../../src/stage/pipeline.ts"

const isOutput = (value: object): value is Output<string> => "node" in value && "kind" in value

/** For each node, by its place in the record, a hash of its stage, its params, and all that leads to it. */
export const identities = (nodes: Nodes): ReadonlyMap<string, string> => {
  const known = new Map<Node, string>()
  const identity = (node: Node): string => {
    const before = known.get(node)
    if (before !== undefined) return before
    const inputs = Object.entries(node.inputs).map(([input, wire]) => [
      input,
      isOutput(wire)
        ? identity(wire.node)
        : Object.entries(wire).map(([key, { node }]) => [key, identity(node)])
    ])
    const text = JSON.stringify([node.stage.name, node.stage.encodeParams(node.params), inputs])
    const hash = createHash("sha256").update(text).digest("hex")
    known.set(node, hash)
    return hash
  }
  const found = new Map<string, string>()
  const visit = (value: Nodes[string], path: string): void => {
    if (isOutput(value)) found.set(path, identity(value.node))
    else
      for (const [key, item] of Object.entries<Nodes[string]>(value))
        visit(item, path === "" ? key : `${path}/${key}`)
  }
  visit(nodes, "")
  return found
}

/** The nodes that `changed` does not share with `before`: those that would run. */
export const changedNodes = (before: Nodes, changed: Nodes): ReadonlyArray<string> => {
  const known = new Set(identities(before).values())
  return [...identities(changed)].filter(([, identity]) => !known.has(identity)).map(([name]) => name)
}
