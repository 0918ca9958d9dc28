/** The graph that every tool is given: layers of nodes, each of which takes a list of three nodes of the layer before. */

export interface Graph {
  readonly nodes: number
  /** Nodes in a layer. */
  readonly width: number
}

/** As wide as it is deep, so that neither fan-out nor length is a special case. */
export const layered = (nodes: number): Graph => ({ nodes, width: Math.ceil(Math.sqrt(nodes)) })

/** One layer: nothing depends on anything. */
export const flat = (nodes: number): Graph => ({ nodes, width: nodes })

export interface GraphNode {
  readonly index: number
  /** Indexes of the nodes it takes, ascending; none in the first layer. */
  readonly upstream: ReadonlyArray<number>
}

/** Distances, within a layer, to the nodes that a node takes. */
export const reach = [0, 1, 2]

export const nodesOf = ({ nodes, width }: Graph): ReadonlyArray<GraphNode> =>
  Array.from({ length: nodes }, (_, index) => {
    const layer = Math.floor(index / width)
    const upstream = layer === 0 ? [] : reach.map((step) => (layer - 1) * width + ((index + step) % width))
    return { index, upstream: [...new Set(upstream)].sort((a, b) => a - b) }
  })
