/** Weights from elsewhere become a network's. */
import { Effect } from "effect"
import type { TensorData } from "../../../artifact/tensor-data.ts"
import type { Network } from "../network.ts"
import { BadWeights } from "./bad-weights.ts"
import { matchNames, type NameTable } from "./match-names.ts"
import { layoutsOf, tensorText, toNative, type WeightLayout } from "./tensor-layout.ts"

export interface ImportOptions {
  /** How the given tensors are laid out. A PyTorch state dict is `pytorch`. */
  readonly layout: WeightLayout
  /**
   * Where names and shapes do not decide: the given name for a layer or tensor of the network, such as
   * `{ conv1: "features.0", "fc1.weight": "w" }`.
   */
  readonly names?: NameTable
}

/**
 * Finds each of the network's tensors among the given ones and brings it into our layout, as F32.
 *
 * F64 is rounded. PyTorch's `num_batches_tracked` is left out: it counts, and nothing here depends on it. All others must
 * be used, and must be finite.
 *
 * @returns the network's parameters and statistics by name, in the order of its layers; new arrays
 */
export const importWeights = Effect.fnUntraced(function* (
  network: Network,
  tensors: ReadonlyMap<string, TensorData>,
  { layout, names = {} }: ImportOptions
): Effect.fn.Return<Map<string, TensorData>, BadWeights> {
  const given = new Map([...tensors].filter(([name]) => !/(^|\.)num_batches_tracked$/.test(name)))
  const layouts = layoutsOf(network, layout)
  const matched = yield* matchNames(
    network.name,
    new Map([...layouts].map(([name, { shape }]) => [name, shape])),
    new Map([...given].map(([name, { shape }]) => [name, shape])),
    names
  )
  const weights = new Map<string, TensorData>()
  for (const [name, { shape }] of Object.entries({ ...network.parameters, ...network.statistics })) {
    const source = matched.get(name) ?? name
    const tensor = given.get(source)
    const tensorLayout = layouts.get(name)
    if (tensor === undefined || tensorLayout === undefined) continue
    const floats = yield* finiteFloats(network.name, name, source, tensor)
    weights.set(name, { dtype: "F32", shape, data: toNative(floats, tensorLayout) })
  }
  return weights
})

const finiteFloats = (
  network: string,
  name: string,
  source: string,
  { data, dtype, shape }: TensorData
): Effect.Effect<Float32Array, BadWeights> => {
  const complain = (problem: "element-type" | "not-finite", reason: string, hint: string) =>
    new BadWeights({ network, problem, reason, wanted: [name], given: [tensorText(source, shape)], hint })
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    return complain(
      "element-type",
      `\`${source}\` is ${dtype}`,
      "weights are F32 or F64: convert them before saving"
    )
  }
  const floats = data instanceof Float32Array ? data : Float32Array.from(data)
  const at = floats.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return Effect.succeed(floats)
  return complain(
    "not-finite",
    `element ${at} of \`${source}\` is ${data[at]}`,
    "the training that made it diverged, or a number does not fit float32; take an earlier checkpoint"
  )
}
