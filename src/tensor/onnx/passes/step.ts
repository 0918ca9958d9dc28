/**
 * Asks in one operation whether rectified numbers are above zero, instead of in two.
 *
 * `HardSigmoid` is `max(0, min(1, a x + b))`. With a slope as steep as numbers go it is 0 up to zero and 1 from 3e-39 on.
 * In between lie only numbers without full precision: probabilities may be such, but hardly what a layer rectifies. What
 * is no number stays none, where the two operations would give 0.
 */
import { type Graph, madeBy, uniformConstant, type Value } from "../graph.ts"
import { rebuild } from "../rebuild.ts"

/** Nearly the largest number: a larger one would make zero times it no number. */
const steepest = 3.4e38

/** Also if it was rectified in parts, as convolutions do. */
const isRectified = (value: Value | undefined): boolean => {
  if (value?.source._tag !== "Node") return false
  const { op, inputs } = value.source.node
  if (op === "Reshape") return isRectified(inputs[0])
  return op === "Relu" || (op === "Concat" && inputs.every(isRectified))
}

export const stepInOne = (graph: Graph): Graph =>
  rebuild(graph, ({ op, inputs: [test], outputs: [result] }, { graph: made, now }) => {
    if (op !== "Cast" || test === undefined || result?.type !== "float32") return undefined
    const [x, zero] = madeBy(test, "Greater")?.inputs ?? []
    if (x === undefined || x.type !== "float32" || !isRectified(x) || uniformConstant(zero) !== 0)
      return undefined
    if (x.shape.join() !== result.shape.join()) return undefined
    return [made.op("HardSigmoid", [now(x)], x, { alpha: { float: steepest }, beta: { float: 0 } })]
  })
