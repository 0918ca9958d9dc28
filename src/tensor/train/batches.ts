/** Puts batches together: rows, the hook that may change them, random numbers, the optimiser's numbers. */
import { Effect } from "effect"
import type { DatasetError } from "../../artifact/kinds/dataset.ts"
import { elementsOf, type TensorData } from "../../artifact/tensor-data.ts"
import type { EngineFailure, Tensors } from "../engine.ts"
import { drawMasks } from "../network/index.ts"
import type { Coefficients } from "../optimiser/index.ts"
import { BadTraining } from "./errors.ts"
import type { BatchPosition } from "./objective.ts"
import type { RowSource } from "./row-source.ts"
import { coefficientName, type StepOptions, weightNames } from "./step.ts"
import type { Training } from "./training.ts"

/**
 * The function that makes a step's inputs.
 *
 * @param state reads the training's present state, for a `transform` that asks for the weights
 */
export const batchMaker = <E, R>(
  training: Training<E, R>,
  { objective, optimiser }: StepOptions,
  examples: RowSource,
  state: Effect.Effect<Tensors, EngineFailure>
) => {
  const { network, options, transform } = training
  const width = elementsOf(network.input)
  const most = Math.min(options.batchSize, examples.count)
  const allImages = new Float32Array(most * width)
  const allLabels = new Int32Array(most)
  const weights = Effect.map(state, (tensors): Tensors => {
    const names = new Set(weightNames(network))
    return Object.fromEntries(Object.entries(tensors).filter(([name]) => names.has(name)))
  })

  return Effect.fnUntraced(function* (
    position: BatchPosition,
    learningRate: number
  ): Effect.fn.Return<Tensors, E | BadTraining | DatasetError, R> {
    const { rows, step, seed } = position
    const count = rows.length
    const labels = allLabels.subarray(0, count)
    let images: Float32Array = allImages.subarray(0, count * width)
    yield* examples.gather(rows, images, labels)
    if (transform !== undefined) {
      images = yield* transform({ images, labels, position, weights })
      if (images.length !== count * width)
        return yield* new BadTraining({
          network: network.name,
          reason: `\`transform\` returned ${images.length} pixels for ${count} images of ${width}`,
          hint: "return one image for each that came, in the same order"
        })
    }
    return {
      images: { dtype: "F32", shape: [count, ...network.input], data: images },
      labels: { dtype: "I32", shape: [count], data: labels },
      ...drawMasks(network, count, { seed, step }),
      ...objective.draw?.(position),
      ...coefficientInputs(optimiser.coefficients(learningRate, step + 1))
    }
  })
}

const coefficientInputs = (coefficients: Coefficients): Tensors => {
  const inputs: Record<string, TensorData> = {}
  for (const [name, value] of Object.entries(coefficients))
    inputs[coefficientName(name)] = { dtype: "F32", shape: [], data: Float32Array.of(value) }
  return inputs
}
