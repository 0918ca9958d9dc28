/**
 * Asks in one operation whether numbers are above zero, instead of in two.
 *
 * `HardSigmoid` is `max(0, min(1, a x + b))`. With a slope as steep as numbers go it is 0 up to zero and 1 from 3e-39 on;
 * in between lie only numbers without full precision, which no sum of products of ordinary numbers gives.
 */
import { type Graph, madeBy, uniformConstant } from "../graph.ts"
import { rebuild } from "../rebuild.ts"

const steepest = 3.4e38

export const stepInOne = (graph: Graph): Graph =>
  rebuild(graph, ({ op, inputs: [test], outputs: [result] }, { graph: made, now }) => {
    if (op !== "Cast" || test === undefined || result?.type !== "float32") return undefined
    const [x, zero] = madeBy(test, "Greater")?.inputs ?? []
    if (x === undefined || x.type !== "float32" || uniformConstant(zero) !== 0) return undefined
    if (x.shape.join() !== result.shape.join()) return undefined
    return [made.op("HardSigmoid", [now(x)], x, { alpha: { float: steepest }, beta: { float: 0 } })]
  })
