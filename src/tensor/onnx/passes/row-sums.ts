/** Sums over rows as a product with ones: two thirds of the time on one core, a fifth on two (measured on 86528 by 32). */
import { type Graph, sizeOf, type Value } from "../graph.ts"
import { product, reshape } from "../ops.ts"
import { rebuild } from "../rebuild.ts"

/** A rough bound: sums of fewer rows hardly count. */
const fewRows = 256

export const rowSums = (graph: Graph): Graph =>
  rebuild(graph, ({ op, inputs: [x, axes], outputs: [sum] }, { graph: made, now }) => {
    if (op !== "ReduceSum" || x === undefined || sum === undefined || x.type !== "float32") return undefined
    const columns = x.shape.at(-1) ?? 1
    const rows = sizeOf(x.shape) / columns
    if (!keepsLastAxis(x, axes) || columns === 1 || rows < fewRows) return undefined
    const ones = made.op(
      "Expand",
      [made.constant(Float32Array.of(1), [1, 1]), made.constant(BigInt64Array.of(1n, BigInt(rows)))],
      {
        type: "float32",
        shape: [1, rows]
      }
    )
    return [reshape(made, product(made, ones, reshape(made, now(x), [rows, columns])), sum.shape)]
  })

/** Whether a reduction goes over all axes but the last. */
export const keepsLastAxis = (x: Value, axes: Value | undefined): boolean =>
  axes?.source._tag === "Constant" &&
  axes.source.data.length === x.shape.length - 1 &&
  axes.source.data.every((axis: number | bigint, at: number) => Number(axis) === at)
