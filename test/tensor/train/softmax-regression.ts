/** Softmax regression in doubles, by the textbook: what training a single dense layer has to come to. */
import { Effect } from "effect"
import type { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import { RandomStream } from "../../../src/data/random.ts"

interface Settings {
  readonly weights: ReadonlyMap<string, TensorData>
  readonly data: Dataset
  readonly options: {
    readonly epochs: number
    readonly batchSize: number
    readonly seed: number
    readonly l1: number
    readonly l2: number
    readonly optimiser: { readonly momentum: number }
    readonly schedule: {
      readonly learningRate: number
      readonly milestones: ReadonlyArray<number>
      readonly gamma: number
    }
  }
}

const classes = 3
const pixels = 36

export const softmaxRegression = Effect.fnUntraced(function* ({ weights, data, options }: Settings) {
  const { images, labels } = yield* data.rows(0, data.count)
  const weight = Array.from(weights.get("fc1.weight")?.data ?? [])
  const bias = Array.from(weights.get("fc1.bias")?.data ?? [])
  const weightVelocity = weight.map(() => 0)
  const biasVelocity = bias.map(() => 0)
  const history: Array<{ readonly loss: number; readonly accuracy: number }> = []
  const { momentum } = options.optimiser

  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const { learningRate, milestones, gamma } = options.schedule
    const rate = learningRate * gamma ** milestones.filter((milestone) => milestone <= epoch).length
    const order = new RandomStream({ seed: options.seed, purpose: 11, index: epoch }).permutation(data.count)
    let lossSum = 0
    let correct = 0
    for (let from = 0; from < data.count; from += options.batchSize) {
      const rows = order.subarray(from, from + options.batchSize)
      const weightSlope = weight.map((w) => options.l1 * Math.sign(w) + 2 * options.l2 * w)
      const biasSlope = bias.map(() => 0)
      for (const row of rows) {
        const x = images.subarray(row * pixels, (row + 1) * pixels)
        const z = bias.map((b, k) =>
          x.reduce((sum, pixel, i) => sum + pixel * (weight[i * classes + k] ?? 0), b)
        )
        const total = z.reduce((sum, logit) => sum + Math.exp(logit), 0)
        const label = labels[row] ?? 0
        lossSum += Math.log(total) - (z[label] ?? 0)
        if (z.indexOf(Math.max(...z)) === label) correct++
        for (const [k, logit] of z.entries()) {
          const slope = (Math.exp(logit) / total - (k === label ? 1 : 0)) / rows.length
          biasSlope[k] = (biasSlope[k] ?? 0) + slope
          for (const [i, pixel] of x.entries())
            weightSlope[i * classes + k] = (weightSlope[i * classes + k] ?? 0) + slope * pixel
        }
      }
      for (const [parameter, velocity, slopes] of [
        [weight, weightVelocity, weightSlope],
        [bias, biasVelocity, biasSlope]
      ] as const)
        for (const [i, slope] of slopes.entries()) {
          velocity[i] = momentum * (velocity[i] ?? 0) + slope
          parameter[i] = (parameter[i] ?? 0) - rate * (velocity[i] ?? 0)
        }
    }
    history.push({ loss: lossSum / data.count, accuracy: correct / data.count })
  }
  return { weights: { "fc1.weight": weight, "fc1.bias": bias }, history }
})
