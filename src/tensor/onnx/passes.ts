/** What is rearranged, and in which order. Each pass leaves the results as they are. */
import type { Graph } from "./graph.ts"
import { biasIntoProduct } from "./passes/bias.ts"
import { intoConvolution } from "./passes/into-convolution.ts"
import { poolFirst } from "./passes/pool-first.ts"
import { poolOrder } from "./passes/pool-order.ts"
import { askRectified } from "./passes/rectified.ts"
import { rowSums } from "./passes/row-sums.ts"
import { stepInOne } from "./passes/step.ts"

/** Before macros are expanded: convolutions and pools can still be recognised. */
export const rearrange = (graph: Graph): Graph => intoConvolution(poolOrder(poolFirst(askRectified(graph))))

/** After that, when all is operations of ONNX. */
export const finish = (graph: Graph): Graph => stepInOne(rowSums(biasIntoProduct(graph)))
