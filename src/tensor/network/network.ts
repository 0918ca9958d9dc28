/**
 * A network as data: a list of layers, checked.
 *
 * A network has no weights. They are tensors by name (`conv1.weight`), the state of the program that uses them, and a
 * `Model` stores the two together.
 */
import { Effect } from "effect"
import type { NetworkDescription } from "../../artifact/kinds/model.ts"
import type { Signature, TensorSpec } from "../engine.ts"
import { BadNetwork } from "./bad-network.ts"
import { decodeLayer, type LayerData } from "./decode-layer.ts"
import type { Layer, LayerDescription, NamedLayer } from "./layer.ts"
import { layerNames } from "./layer-names.ts"
import { outputShape, tensorsOf } from "./layer-shape.ts"
import { isMisfit, type Misfit, type Shape, shapeText } from "./shape.ts"

export type { NetworkDescription } from "../../artifact/kinds/model.ts"
export { BadNetwork } from "./bad-network.ts"
export { Layer, type LayerDescription, type NamedLayer } from "./layer.ts"

/** A checked network. */
export interface Network {
  readonly name: string
  /** Defaults filled in, each with its name; the first is the input. */
  readonly layers: ReadonlyArray<NamedLayer>
  /** What comes out of each layer, for one example: the input's own shape first, `[classes]` last. */
  readonly shapes: ReadonlyArray<Shape>
  /** Height, width, channels of one image. Pixels are in [0, 1]. */
  readonly input: readonly [number, number, number]
  /** How many logits come out. */
  readonly classes: number
  /** The trainable tensors by name, in the order of the layers; `conv1.weight`, `conv1.bias`. All are F32. */
  readonly parameters: Signature
  /** Tensors that training changes without a gradient: batch normalisation's running mean and variance. */
  readonly statistics: Signature
  /** What it was made of, as a `Model` stores it. */
  readonly description: NetworkDescription
}

/** A description whose layers the compiler knows. It is a `NetworkDescription`, too. */
export interface TypedDescription {
  readonly name: string
  readonly layers: ReadonlyArray<LayerDescription>
}

/**
 * Checks a description, layer by layer: settings, names, and that each layer's input has a shape it can take.
 *
 * The first layer is the input; the last gives `[classes]`, the logits.
 */
export const makeNetwork = Effect.fnUntraced(function* (
  description: NetworkDescription
): Effect.fn.Return<Network, BadNetwork> {
  const bad = ({ problem, hint }: Misfit, layer = "") =>
    new BadNetwork({ network: description.name, layer, reason: problem, hint })

  const decoded: Array<Layer> = []
  for (const [index, data] of description.layers.entries()) {
    decoded.push(
      yield* decodeLayer(data).pipe(Effect.mapError((misfit) => bad(misfit, writtenPlace(index, data))))
    )
  }
  const names = layerNames(decoded)
  const layers = decoded.map((layer, index): NamedLayer => ({ ...layer, name: names[index] ?? "" }))
  const twin = layers.findIndex(({ name }, index) => names.indexOf(name) < index)
  if (twin >= 0) {
    const name = names[twin] ?? ""
    return yield* bad({
      problem: `layers ${names.indexOf(name) + 1} and ${twin + 1} are both called \`${name}\``,
      hint: "rename one"
    })
  }

  const first = layers[0]
  if (first?.type !== "input") return yield* bad(noInput)
  const shapes: Array<Shape> = [first.shape]
  const parameters: Record<string, TensorSpec> = {}
  const statistics: Record<string, TensorSpec> = {}
  let shape: Shape = first.shape
  for (const [index, layer] of layers.entries()) {
    if (index === 0) continue
    const output = outputShape(layer, shape)
    if (isMisfit(output)) return yield* bad(output, place(index, layer))
    const tensors = tensorsOf(layer, shape)
    for (const [role, spec] of Object.entries(tensors.parameters)) parameters[`${layer.name}.${role}`] = spec
    for (const [role, spec] of Object.entries(tensors.statistics)) statistics[`${layer.name}.${role}`] = spec
    shapes.push(output)
    shape = output
  }
  const [classes] = shape
  if (shape.length !== 1 || classes === undefined || classes < 2) {
    const last = layers.at(-1) ?? first
    return yield* bad(noLogits(shape), place(layers.length - 1, last))
  }
  return {
    name: description.name,
    layers,
    shapes,
    input: first.shape,
    classes,
    parameters,
    statistics,
    description
  }
})

/** A layer in words: `layer 3 (dense \`fc1\`)`. */
const place = (index: number, { type, name }: NamedLayer): string =>
  `layer ${index + 1} (${type} \`${name}\`)`

const writtenPlace = (index: number, { type, name }: LayerData): string => {
  const words = [type, typeof name === "string" ? `\`${name}\`` : undefined].filter(
    (word) => typeof word === "string"
  )
  return words.length === 0 ? `layer ${index + 1}` : `layer ${index + 1} (${words.join(" ")})`
}

const noInput: Misfit = {
  problem: "its first layer is not an input",
  hint: 'begin with { type: "input", shape: [height, width, channels] }'
}

const noLogits = (shape: Shape): Misfit => ({
  problem: `it is the last and gives ${shapeText(shape)}, where [classes] belongs, with two classes or more`,
  hint: 'end with { type: "dense", units: <number of classes> }, and a { type: "flatten" } before it'
})
