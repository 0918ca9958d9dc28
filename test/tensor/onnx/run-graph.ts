/** Runs a graph as it is, without any pass, to compare it with what a pass makes of it. */
import * as ort from "onnxruntime-node"
import { RandomStream } from "../../../src/data/random.ts"
import { encode, inputName } from "../../../src/tensor/onnx/encode.ts"
import { expand } from "../../../src/tensor/onnx/expand.ts"
import { type Graph, sizeOf } from "../../../src/tensor/onnx/graph.ts"

/** Runs a graph on numbers in [-1, 1) that follow from the inputs' order, many of them equal. */
export const runGraph = async (graph: Graph, seed = 1): Promise<Map<string, ReadonlyArray<number>>> => {
  const session = await ort.InferenceSession.create(encode(expand(graph)), {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3
  })
  const feeds: Record<string, ort.Tensor> = {}
  for (const [index, { shape, source }] of graph.inputs.entries()) {
    const stream = new RandomStream({ seed, purpose: 99, index })
    // Multiples of a quarter: pools meet ties, rectifiers meet zero, and sums are exact.
    const data = Float32Array.from({ length: sizeOf(shape) }, () => (stream.int(9) - 4) / 4)
    if (source._tag === "Input") feeds[inputName(source.name)] = new ort.Tensor("float32", data, shape)
  }
  const results = await session.run(feeds)
  await session.release()
  return new Map(
    [...graph.outputs.keys()].map((name) => [name, Array.from(results[`out.${name}`]?.data ?? [], Number)])
  )
}
