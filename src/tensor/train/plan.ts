/** How many steps a training has, and whether it makes sense. */
import { elementsOf } from "../../artifact/tensor-data.ts"
import type { Network } from "../network/index.ts"
import { BadTraining, type DataMismatch } from "./errors.ts"
import { problemOfData } from "./evaluate.ts"
import type { Training } from "./training.ts"

export interface TrainingPlan {
  readonly stepsPerEpoch: number
  readonly totalSteps: number
  /** All of them, or those that fill whole batches. */
  readonly examplesPerEpoch: number
}

export const planOf = <E, R>({ data, options }: Training<E, R>): TrainingPlan => {
  const whole = Math.floor(data.count / options.batchSize)
  const stepsPerEpoch = options.lastBatch === "drop" ? whole : Math.ceil(data.count / options.batchSize)
  const examplesPerEpoch = options.lastBatch === "drop" ? whole * options.batchSize : data.count
  return { stepsPerEpoch, totalSteps: stepsPerEpoch * options.epochs, examplesPerEpoch }
}

/** Looks at what was asked before anything is computed. */
export const problemOfTraining = <E, R>(training: Training<E, R>): BadTraining | DataMismatch | undefined => {
  const { network, data, validation, options } = training
  const bad = (reason: string, hint: string) => new BadTraining({ network: network.name, reason, hint })
  const misfit = problemOfData(network, data) ?? (validation && problemOfData(network, validation))
  if (misfit !== undefined) return misfit
  if (options.loss === "dlr" && network.classes < 3)
    return bad("the loss `dlr` compares the three largest logits, of two", "take `cross-entropy`")
  if (data.count === 0) return bad(`\`${data.info.name}\` is empty`, "give it examples")
  if (validation?.count === 0)
    return bad(
      `the validation data \`${validation.info.name}\` are empty`,
      "give them examples, or leave them out"
    )
  if (options.lastBatch === "drop" && data.count < options.batchSize)
    return bad(
      `${data.count} examples do not fill a batch of ${options.batchSize}, and smaller batches are dropped`,
      'take a smaller `batchSize`, or `lastBatch` "keep"'
    )
  if (options.earlyStopping !== null && validation === undefined)
    return bad(
      "early stopping has no validation data to look at",
      "give it some, or set `earlyStopping` to null"
    )
  const last = options.lastBatch === "keep" ? data.count % options.batchSize : 0
  if ((options.batchSize === 1 || last === 1) && normalisesSingleValues(network))
    return bad(
      `a batch of one example has no variance, which \`batchNorm\` needs; ${data.count} examples in batches of ${options.batchSize} leave one`,
      'take another `batchSize`, or `lastBatch` "drop"'
    )
  return undefined
}

/** Whether a batch normalisation has one value per channel and example, as after a dense layer. */
const normalisesSingleValues = ({ layers, shapes }: Network): boolean =>
  layers.some(({ type }, index) => {
    const shape = shapes[index] ?? []
    return type === "batchNorm" && elementsOf(shape) === shape.at(-1)
  })
