/** The bytes of an ONNX file become plain data, in bounded memory, whatever they are. */
import { Effect, Schema } from "effect"
import protobuf from "protobufjs/light.js"
import { modelMessage } from "../../onnx/onnx-file.ts"
import { BadOnnx } from "./bad-onnx.ts"

const Name = Schema.String

/** A tensor as the file has it: its elements are in `rawData`, or in the list of their type. */
const TensorMessage = Schema.Struct({
  name: Name,
  dims: Schema.Array(Schema.Number),
  dataType: Schema.Number,
  rawData: Schema.Uint8Array,
  floatData: Schema.Array(Schema.Number),
  doubleData: Schema.Array(Schema.Number),
  int32Data: Schema.Array(Schema.Number),
  int64Data: Schema.Array(Schema.Number),
  dataLocation: Schema.Number
})
export type TensorMessage = typeof TensorMessage.Type

const AttributeMessage = Schema.Struct({
  name: Name,
  f: Schema.Number,
  i: Schema.Number,
  s: Schema.Uint8Array,
  t: Schema.NullOr(TensorMessage),
  floats: Schema.Array(Schema.Number),
  ints: Schema.Array(Schema.Number)
})
export type AttributeMessage = typeof AttributeMessage.Type

const NodeMessage = Schema.Struct({
  name: Name,
  opType: Name,
  domain: Name,
  input: Schema.Array(Name),
  output: Schema.Array(Name),
  attribute: Schema.Array(AttributeMessage)
})
export type NodeMessage = typeof NodeMessage.Type

const Dimension = Schema.Struct({ dimValue: Schema.Number })
const TensorType = Schema.Struct({
  elemType: Schema.Number,
  shape: Schema.NullOr(Schema.Struct({ dim: Schema.Array(Dimension) }))
})
const ValueInfo = Schema.Struct({
  name: Name,
  type: Schema.NullOr(Schema.Struct({ tensorType: Schema.NullOr(TensorType) }))
})
export type ValueInfo = typeof ValueInfo.Type

const GraphMessage = Schema.Struct({
  name: Name,
  node: Schema.Array(NodeMessage),
  initializer: Schema.Array(TensorMessage),
  input: Schema.Array(ValueInfo),
  output: Schema.Array(ValueInfo)
})
export type GraphMessage = typeof GraphMessage.Type

const ModelFile = Schema.Struct({
  opsetImport: Schema.Array(Schema.Struct({ domain: Name, version: Schema.Number })),
  graph: Schema.NullOr(GraphMessage)
})

/** Networks of millions of weights take a few hundred parts; each part becomes an object of some hundred bytes. */
const mostParts = 1_000_000
const mostBytes = 2 ** 30

/** The oldest set in which operators broadcast as they do today. */
const oldestOpset = 7

/**
 * Reads the graph of a file, with nothing in it understood yet.
 *
 * Tensors stay where they are in `bytes`. Everything else is limited before it is made.
 */
export const readOnnx = Effect.fnUntraced(function* (
  bytes: Uint8Array
): Effect.fn.Return<GraphMessage, BadOnnx> {
  if (bytes.length > mostBytes) {
    return yield* new BadOnnx({
      place: "",
      reason: `it has ${bytes.length} bytes, more than ${mostBytes}`,
      hint: "networks here are small: take another file"
    })
  }
  const message = yield* Effect.try({
    try: () => {
      spend(protobuf.Reader.create(bytes), modelMessage(), bytes.length, { left: mostParts })
      return modelMessage().toObject(modelMessage().decode(bytes), { longs: Number, defaults: true })
    },
    catch: (cause) => notOnnx(cause instanceof Error ? cause.message : String(cause))
  })
  const { opsetImport, graph } = yield* Schema.decodeUnknownEffect(ModelFile)(message).pipe(
    Effect.mapError((error) => notOnnx(error.message.replaceAll(/\s*\n\s*/g, " ")))
  )
  if (graph === null || graph.node.length === 0) return yield* notOnnx("it has no graph")
  const opset = opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version ?? 0
  if (opset < oldestOpset) {
    return yield* new BadOnnx({
      place: "",
      reason: `it uses operator set ${opset}`,
      hint: `export it with operator set ${oldestOpset} or newer, such as 17`
    })
  }
  return graph
})

const notOnnx = (reason: string): BadOnnx =>
  new BadOnnx({
    place: "",
    reason: `not a valid file: ${reason}`,
    hint: "write it again, with `torch.onnx.export`"
  })

/** Counts the parts of a message before they are made, and throws where there are too many. */
const spend = (reader: protobuf.Reader, type: protobuf.Type, end: number, budget: { left: number }): void => {
  while (reader.pos < end) {
    const tag = reader.uint32()
    const field = type.fieldsById[tag >>> 3]?.resolve()
    budget.left--
    if ((tag & 7) !== 2) {
      reader.skipType(tag & 7)
    } else {
      const length = reader.uint32()
      const nested = field?.resolvedType
      if (nested instanceof protobuf.Type) spend(reader, nested, reader.pos + length, budget)
      else {
        // Whole numbers may take one byte each, and become objects.
        if (field?.repeated === true && /^int/.test(field.type)) budget.left -= length
        reader.skip(length)
      }
    }
    if (budget.left < 0) throw new Error(`it has more than ${mostParts} parts`)
  }
}
