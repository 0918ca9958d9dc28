/**
 * The graph that every tool is given: layers of nodes, each of which takes a list of three nodes of the layer before.
 *
 * As wide as it is deep, so that neither fan-out nor length is a special case.
 */

export interface GraphNode {
  readonly index: number
  /** Indexes of the nodes it takes, ascending; none in the first layer. */
  readonly upstream: ReadonlyArray<number>
}

/** Distances, within a layer, to the nodes that a node takes. */
export const reach = [0, 1, 2]

export const widthOf = (nodes: number): number => Math.ceil(Math.sqrt(nodes))

export const layers = (nodes: number): ReadonlyArray<GraphNode> => {
  const width = widthOf(nodes)
  return Array.from({ length: nodes }, (_, index) => {
    const layer = Math.floor(index / width)
    const upstream = layer === 0 ? [] : reach.map((step) => (layer - 1) * width + ((index + step) % width))
    return { index, upstream: [...new Set(upstream)].sort((a, b) => a - b) }
  })
}
