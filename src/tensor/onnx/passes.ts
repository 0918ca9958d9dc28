/** What is rearranged, and in which order. Each pass leaves the results as they are. */
import type { Graph } from "./graph.ts"

/** Before macros are expanded: convolutions and pools can still be recognised. */
export const rearrange = (graph: Graph): Graph => graph

/** After that, when all is operations of ONNX. */
export const finish = (graph: Graph): Graph => graph
