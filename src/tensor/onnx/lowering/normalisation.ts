/** Batch normalisation with given statistics, and normalisation across channels. */
import type { Value } from "../graph.ts"
import type { Call, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

/** For each pixel, the sum over the channels at most `depthRadius` away. */
const nearChannels = (call: Call, x: Value): Value => {
  const channels = x.shape.at(-1) ?? 1
  const radius = call.number("depthRadius")
  const near = Float32Array.from({ length: channels ** 2 }, (_, at) =>
    Math.abs(Math.floor(at / channels) - (at % channels)) <= radius ? 1 : 0
  )
  return ops.stackedProduct(call.graph, x, call.graph.constant(near, [channels, channels]))
}

/** `bias + alpha * sum of squares nearby` */
const localNorm = (call: Call, x: Value): Value => {
  const { graph } = call
  const sums = nearChannels(call, ops.mul(graph, x, x))
  const scaled = ops.mul(graph, sums, ops.float(graph, call.number("alpha")))
  return ops.add(graph, scaled, ops.float(graph, call.number("bias")))
}

const power = ({ graph }: Call, x: Value, exponent: number): Value =>
  ops.binary(graph, "Pow", x, ops.float(graph, exponent))

export const normalisations: Lowerings = {
  FusedBatchNorm: (call) => {
    const { graph } = call
    const x = call.input("x")
    const scale = call.optional("scale")
    const offset = call.optional("offset")
    const variance = ops.add(
      graph,
      call.input("variance"),
      ops.float(graph, call.number("varianceEpsilon", 0.001))
    )
    const deviation = ops.unary(graph, "Sqrt", variance)
    const slope =
      scale === undefined ? ops.unary(graph, "Reciprocal", deviation) : ops.div(graph, scale, deviation)
    const scaled = ops.mul(graph, ops.sub(graph, x, call.input("mean")), slope)
    return offset === undefined ? scaled : ops.add(graph, scaled, offset)
  },

  LRN: (call) => {
    const x = call.input("x")
    return ops.mul(call.graph, x, power(call, localNorm(call, x), -call.number("beta")))
  },

  LRNGrad: (call) => {
    // y = x norm^-beta, where norm of one channel depends on those nearby
    const { graph } = call
    const [x, y, dy] = [call.input("x"), call.input("y"), call.input("dy")]
    const norm = localNorm(call, x)
    const own = ops.mul(graph, dy, power(call, norm, -call.number("beta")))
    const others = nearChannels(call, ops.div(graph, ops.mul(graph, dy, y), norm))
    const factor = ops.float(graph, -2 * call.number("alpha") * call.number("beta"))
    return ops.add(graph, own, ops.mul(graph, ops.mul(graph, others, x), factor))
  }
}
