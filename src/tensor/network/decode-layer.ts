/** One layer of a description becomes a typed layer, or an error that knows what was meant. */
import { Effect, Result, Schema } from "effect"
import { didYouMean, similarNames } from "../../text/did-you-mean.ts"
import { isLayerType, type Layer, layerSchemas } from "./layer.ts"
import type { Misfit } from "./shape.ts"

export type LayerData = { readonly [setting: string]: Schema.Json }

/** Decodes a layer. Settings that a layer does not have are refused: they are slips of the pen. */
export const decodeLayer = (data: LayerData): Effect.Effect<Layer, Misfit> => {
  const { type } = data
  if (typeof type !== "string") {
    return Effect.fail({
      problem: "it has no `type`",
      hint: `write { type: … } with one of ${allTypes()}`
    })
  }
  if (!isLayerType(type))
    return Effect.fail({ problem: `there is no layer type \`${type}\``, hint: cure(type) })
  const schema = layerSchemas[type]
  const settings = Object.keys(schema.fields)
  const unknown = Object.keys(data).find((key) => !settings.includes(key))
  if (unknown !== undefined) {
    return Effect.fail({
      problem: `a ${type} layer has no setting \`${unknown}\``,
      hint: didYouMean(unknown, settings) ?? `it has ${settings.map((name) => `\`${name}\``).join(", ")}`
    })
  }
  const decoded = decode(data, type)
  if (Result.isSuccess(decoded)) return Effect.succeed(decoded.success)
  return Effect.fail({
    problem: decoded.failure.message.replaceAll(/\s*\n\s*/g, " "),
    hint: `correct that setting; a ${type} layer has ${settings.map((name) => `\`${name}\``).join(", ")}`
  })
}

const decode = (data: LayerData, type: keyof typeof layerSchemas): Result.Result<Layer, Schema.SchemaError> =>
  Schema.decodeUnknownResult(layerSchemas[type], { errors: "all", reportInput: true })(data)

const allTypes = (): string =>
  Object.keys(layerSchemas)
    .map((name) => `\`${name}\``)
    .join(", ")

/** What people of other libraries call the layers. */
const otherWords: { readonly [word: string]: string } = {
  linear: "dense",
  fc: "dense",
  fullyconnected: "dense",
  conv: "conv2d",
  convolution: "conv2d",
  maxpooling2d: "maxPool",
  maxpool2d: "maxPool",
  averagepooling2d: "averagePool",
  avgpool: "averagePool",
  avgpool2d: "averagePool",
  batchnormalization: "batchNorm",
  batchnorm1d: "batchNorm",
  batchnorm2d: "batchNorm",
  normalize: "normalise",
  normalization: "normalise"
}

const cure = (type: string): string => {
  if (/softmax/i.test(type)) return "leave it off: networks give logits, and losses take logits"
  const word = otherWords[type.toLowerCase()]
  if (word !== undefined && similarNames(type, [word]).length === 0) return `did you mean \`${word}\`?`
  return (
    didYouMean(type, Object.keys(layerSchemas)) ??
    (word === undefined ? `there are ${allTypes()}` : `did you mean \`${word}\`?`)
  )
}
