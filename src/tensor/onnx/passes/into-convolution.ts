/** Gives a convolution its bias, and lets it rectify: its product does both at almost no cost. */
import { type Graph, madeBy, type Node, sizeOf, type Value } from "../graph.ts"
import { reshape } from "../ops.ts"
import { rebuild } from "../rebuild.ts"

export const intoConvolution = (graph: Graph): Graph => rectified(biased(graph))

/** Finds the convolution under changes of shape, if nobody else reads what it makes. */
const convolutionFinder = (graph: Graph) => {
  const readers = graph.readers()
  const outputs = new Set(graph.outputs.values())
  const find = (value: Value | undefined): Node | undefined => {
    if (value === undefined || readers.get(value)?.length !== 1 || outputs.has(value)) return undefined
    return madeBy(value, "@Conv") ?? find(madeBy(value, "Reshape")?.inputs[0])
  }
  return find
}

const biased = (graph: Graph): Graph => {
  const convolutionUnder = convolutionFinder(graph)
  return rebuild(graph, ({ op, inputs: [x, y], outputs: [sum] }, { graph: made, now }) => {
    if (op !== "Add" || x === undefined || y === undefined || sum === undefined) return undefined
    for (const [value, bias] of [
      [x, y],
      [y, x]
    ] as const) {
      const convolution = convolutionUnder(value)
      const [image, filter, earlier] = convolution?.inputs ?? []
      const [spec] = convolution?.outputs ?? []
      if (image === undefined || filter === undefined || spec === undefined || earlier !== undefined) continue
      const filters = spec.shape.at(-1) ?? 1
      const isBias = sizeOf(bias.shape) === filters && bias.shape.at(-1) === filters
      if (!isBias || value.shape.at(-1) !== filters || sizeOf(sum.shape) !== sizeOf(spec.shape)) continue
      const inputs = [now(image), now(filter), reshape(made, now(bias), [filters])]
      return [reshape(made, made.op("@Conv", inputs, spec, {}, convolution?.macro), sum.shape)]
    }
    return undefined
  })
}

const rectified = (graph: Graph): Graph => {
  const convolutionUnder = convolutionFinder(graph)
  return rebuild(graph, ({ op, inputs: [x], outputs: [result] }, { graph: made, now }) => {
    const convolution = op === "Relu" ? convolutionUnder(x) : undefined
    const [spec] = convolution?.outputs ?? []
    if (convolution === undefined || spec === undefined || result === undefined) return undefined
    const inputs = convolution.inputs.map((input) => (input === undefined ? undefined : now(input)))
    return [reshape(made, made.op("@ConvRelu", inputs, spec, {}, convolution.macro), result.shape)]
  })
}
