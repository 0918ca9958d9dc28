/** Where a value and its rectified form are both there, asks the rectified one whether it is above zero: then nobody may
 * need the other, and the product before it can rectify on its own. */
import { type Graph, uniformConstant } from "../graph.ts"
import { rebuild } from "../rebuild.ts"

export const askRectified = (graph: Graph): Graph => {
  const rectified = new Set(graph.ordered().flatMap(({ op, inputs: [x] }) => (op === "Relu" && x ? [x] : [])))
  return rebuild(graph, ({ op, inputs: [x, zero], outputs }, { graph: made, now }) => {
    if (op !== "Greater" || x === undefined || zero === undefined) return undefined
    const [spec] = outputs
    if (spec === undefined || !rectified.has(x) || uniformConstant(zero) !== 0) return undefined
    return [made.op("Greater", [made.op("Relu", [now(x)], x), now(zero)], spec)]
  })
}
