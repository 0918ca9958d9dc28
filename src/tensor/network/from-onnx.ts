/** An ONNX model becomes a network and its weights. */
import { Effect } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { anyNumber } from "../onnx/graph.ts"
import { arithmetic } from "./from-onnx/arithmetic.ts"
import { BadOnnx } from "./from-onnx/bad-onnx.ts"
import { type Chain, emptyChain, newest, settle } from "./from-onnx/chain.ts"
import { constantOf, typeName } from "./from-onnx/constant.ts"
import { layers } from "./from-onnx/layers.ts"
import { nodeOrder, placeOf } from "./from-onnx/node-order.ts"
import { type Operator, onlyKnownAttributes } from "./from-onnx/operator.ts"
import { type GraphMessage, type NodeMessage, readOnnx, type ValueInfo } from "./from-onnx/read-file.ts"
import { reshaping } from "./from-onnx/reshaping.ts"
import type { Signal, Value } from "./from-onnx/values.ts"
import { windows } from "./from-onnx/windows.ts"
import { type BadNetwork, makeNetwork, type Network } from "./network.ts"
import { type Misfit, shapeText } from "./shape.ts"
import type { BadWeights } from "./weights/bad-weights.ts"
import { importWeights } from "./weights/import-weights.ts"
import { layoutsOf, sameShape, tensorText, toNative } from "./weights/tensor-layout.ts"

export interface OnnxImport {
  readonly network: Network
  readonly weights: Map<string, TensorData>
  /** What people should know: a softmax that was left off, how images were taken. */
  readonly notes: ReadonlyArray<string>
}

/**
 * Reads a model whose graph is one chain of layers that have a counterpart here, as PyTorch exports them in evaluation mode,
 * and as `toPortableOnnx` writes them.
 *
 * Images come out with channels last and weights in our layout, whatever the file has. Nothing of the file is believed: a graph
 * that is not understood to its last node is refused.
 *
 * @param name what the network is to be called
 */
export const fromOnnx = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string
): Effect.fn.Return<OnnxImport, BadOnnx | BadNetwork | BadWeights> {
  const chain = yield* readGraph(yield* readOnnx(bytes))
  const network = yield* makeNetwork({ name, layers: chain.links.map(({ data }) => data) })
  const weights = yield* importWeights(network, yield* nativeWeights(network, chain), { layout: "native" })
  return { network, weights, notes: chain.notes }
})

const operators: { readonly [operator: string]: Operator } = {
  ...arithmetic,
  ...layers,
  ...reshaping,
  ...windows
}

const readGraph = Effect.fnUntraced(function* (graph: GraphMessage): Effect.fn.Return<Chain, BadOnnx> {
  const held = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]))
  const input = yield* theOnly(
    graph.input.filter((info) => !held.has(info.name)),
    "input"
  )
  const output = yield* theOnly(graph.output, "output")
  const { batch, signal } = yield* imagesOf(input)
  const chain = emptyChain()
  const values = new Map<string, Value>([[input.name, signal]])
  for (const node of yield* nodeOrder(graph, new Set([input.name, ...held.keys()]), output.name)) {
    const place = placeOf(node)
    const bad = ({ problem, hint }: Misfit) =>
      new BadOnnx({ place, reason: problem, hint: isCompiled(input) ? compiledHint : hint })
    chain.place = place
    const inputs: Array<Value | undefined> = []
    for (const read of node.input) {
      const tensor = held.get(read)
      if (!values.has(read) && tensor !== undefined)
        values.set(read, yield* constantOf(tensor).pipe(Effect.mapError(bad)))
      const value = values.get(read)
      if (value === undefined && read !== "")
        return yield* bad({
          problem: `it reads \`${read}\`, a second output that no layer here has`,
          hint: chainHint
        })
      inputs.push(value)
    }
    const operator = operatorOf(node)
    if (operator === undefined) return yield* bad(unknownOperator(node))
    const value = yield* onlyKnownAttributes(node).pipe(
      Effect.andThen(operator({ node, inputs, chain, batch })),
      Effect.mapError(bad)
    )
    const [made] = node.output
    if (made !== undefined && made !== "") values.set(made, value)
  }
  yield* finish(chain, output.name, values.get(output.name))
  return chain
})

/** The graph's output has to be what the last layer gives. */
const finish = Effect.fnUntraced(function* (
  chain: Chain,
  name: string,
  value: Value | undefined
): Effect.fn.Return<void, BadOnnx> {
  const bad = ({ problem, hint }: Misfit) =>
    new BadOnnx({ place: `output \`${name}\``, reason: problem, hint })
  if (value?.kind !== "signal")
    return yield* bad({ problem: "it is not what the last layer gives", hint: chainHint })
  const { softmax: _, ...logits } = value
  yield* newest(chain, logits).pipe(Effect.andThen(settle(chain, logits)), Effect.mapError(bad))
})

const operatorOf = ({ domain, opType }: NodeMessage): Operator | undefined =>
  (domain === "" || domain === "ai.onnx") && Object.hasOwn(operators, opType) ? operators[opType] : undefined

const unknownOperator = ({ domain, opType }: NodeMessage): Misfit => {
  const known = Object.keys(operators)
  return {
    problem: `operator ${domain === "" ? opType : `${domain}:${opType}`} is no layer here, nor a part of one`,
    hint: `known are ${known.join(", ")}`
  }
}

const chainHint = "a network here is one chain of layers, from one input to one output: export such a model"

/** `toOnnx` compiles a network for one batch size, and its layers cannot be told apart any more. */
const isCompiled = ({ name }: ValueInfo): boolean => name === "in.x"
const compiledHint =
  "if `toOnnx` wrote the file, its layers are compiled into moves and products: write it with `toPortableOnnx`"

const theOnly = (
  infos: ReadonlyArray<ValueInfo>,
  what: "input" | "output"
): Effect.Effect<ValueInfo, BadOnnx> => {
  const [info] = infos
  if (info !== undefined && infos.length === 1) return Effect.succeed(info)
  const names = infos.slice(0, 10).map(({ name }) => `\`${name}\``)
  return new BadOnnx({
    place: "",
    reason: infos.length === 0 ? `it has no ${what}` : `it has ${infos.length} ${what}s: ${names.join(", ")}`,
    hint: chainHint
  })
}

/** The input as the beginning of the chain, and how many images the file is made for. */
const imagesOf = (
  input: ValueInfo
): Effect.Effect<{ readonly batch: number; readonly signal: Signal }, BadOnnx> => {
  const bad = (reason: string, hint: string) =>
    new BadOnnx({ place: `input \`${input.name}\``, reason, hint })
  const { elemType, shape } = input.type?.tensorType ?? { elemType: 0, shape: null }
  if (elemType !== 1)
    return bad(`its element type is ${typeName(elemType)}`, "images are float32: export the model in it")
  const [batch = 0, ...dims] = shape?.dim.map(({ dimValue }) => dimValue) ?? []
  if (dims.length < 1 || dims.length > 3 || !dims.every((size) => Number.isSafeInteger(size) && size > 0)) {
    return bad(
      `its shape is [${[batch, ...dims].map((size) => (size === 0 ? "?" : size)).join(", ")}]`,
      "export the model with images [n, channels, height, width] of a fixed size as its input; n may be open"
    )
  }
  return Effect.succeed({
    batch: batch > 0 ? batch : anyNumber,
    signal: { kind: "signal", version: 0, dims, order: "unknown" }
  })
}

/** The layers' tensors under the network's names and in its layout. */
const nativeWeights = Effect.fnUntraced(function* (
  network: Network,
  { links }: Chain
): Effect.fn.Return<Map<string, TensorData>, BadOnnx> {
  const layouts = { native: layoutsOf(network, "native"), pytorch: layoutsOf(network, "pytorch") }
  const signature = { ...network.parameters, ...network.statistics }
  const weights = new Map<string, TensorData>()
  for (const [index, { tensors, place }] of links.entries()) {
    for (const [role, { constant, layout }] of Object.entries(tensors)) {
      const name = `${network.layers[index]?.name}.${role}`
      const wanted = layouts[layout].get(name)
      const shape = signature[name]?.shape
      if (wanted === undefined || shape === undefined || !sameShape(constant.shape, wanted.shape)) {
        return yield* new BadOnnx({
          place,
          reason: `its ${role} is ${tensorText(constant.name, constant.shape)}, where ${shapeText(wanted?.shape ?? [])} belongs`,
          hint: "the file was changed, or its tensors mixed up: export it again"
        })
      }
      weights.set(name, { dtype: "F32", shape, data: toNative(Float32Array.from(constant.data), wanted) })
    }
  }
  return weights
})
