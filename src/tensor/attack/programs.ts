/** The two programs that an attack is made of: some steps of the loop, and what the model says. */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { TensorData } from "../../artifact/tensor-data.ts"
import { Engine, type EngineFailure, type Signature, type StepTensors, type Tensors } from "../engine.ts"
import { type LossName, losses } from "../loss/index.ts"
import type { Attack } from "./attack.ts"
import type { Classifier } from "./classifier.ts"
import { type Position, takeSteps } from "./loop.ts"
import { AttackFailed } from "./rows.ts"

/** A classifier with its weights, and how many images a program of it takes at a time. */
export interface Compiled {
  readonly classifier: Classifier
  readonly weights: Tensors
  readonly batchSize: number
}

/** Some steps of an attack as one program. */
export interface StepsProgram {
  /** How many steps a run takes. */
  readonly count: number
  /**
   * Takes the steps.
   *
   * @param fixed what no step changes: `clean`, `labels`, `epsilon`, `stepSize`
   * @param position the tensors of {@link carriedSignature}
   * @returns the next position, under the same names
   */
  readonly run: (fixed: Tensors, position: Tensors) => Effect.Effect<Tensors, EngineFailure>
}

/** What goes from one run to the next: the tensors of a {@link Position}, as many of them as the attack needs. */
export const carriedSignature = (
  { classifier: { input }, batchSize }: Compiled,
  attack: Pick<Attack, "momentum" | "iterate">
): Signature => {
  const images = { dtype: "F32", shape: [batchSize, ...input] } as const
  const perImage = { dtype: "F32", shape: [batchSize] } as const
  return {
    images,
    ...(attack.momentum === 0 ? {} : { momentum: images }),
    ...(attack.iterate === "best" ? { bestImages: images, bestGain: perImage, bestSuccess: perImage } : {}),
    ...(attack.iterate === "first-success" ? { done: perImage } : {})
  }
}

export const compileSteps = (
  compiled: Compiled,
  attack: Attack,
  count: number
): Effect.Effect<StepsProgram, EngineFailure, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const { classifier, weights, batchSize } = compiled
    const carried = carriedSignature(compiled, attack)
    const inputs: Signature = {
      ...carried,
      clean: { dtype: "F32", shape: [batchSize, ...classifier.input] },
      labels: { dtype: "I32", shape: [batchSize] },
      epsilon: { dtype: "F32", shape: [] },
      stepSize: { dtype: "F32", shape: [] }
    }
    const engine = yield* Engine
    const program = yield* engine.compile({
      name: `${classifier.name}, ${count} attack ${count === 1 ? "step" : "steps"}`,
      inputs,
      state: classifier.weights,
      step: (tensors) => {
        const ascent = {
          attack,
          logits: (images: tf.Tensor) => classifier.logits(tensors, images),
          loss: losses[attack.loss],
          classes: classifier.classes,
          clean: take(tensors, "clean"),
          labels: take(tensors, "labels"),
          epsilon: take(tensors, "epsilon"),
          stepSize: take(tensors, "stepSize")
        }
        return outputsOf(takeSteps(ascent, positionOf(tensors), count))
      }
    })
    yield* program.load(weights)
    const run: StepsProgram["run"] = (fixed, position) =>
      Effect.map(program.run({ ...fixed, ...position }), (outputs: Tensors) =>
        Object.fromEntries(Object.keys(carried).map((name) => [name, take(outputs, next(name))]))
      )
    return { count, run }
  })

const positionOf = (tensors: StepTensors): Position => ({
  images: take(tensors, "images"),
  ...(tensors["momentum"] === undefined ? {} : { momentum: tensors["momentum"] }),
  ...(tensors["done"] === undefined ? {} : { done: tensors["done"] }),
  ...(tensors["bestImages"] === undefined
    ? {}
    : {
        best: {
          images: tensors["bestImages"],
          gain: take(tensors, "bestGain"),
          success: take(tensors, "bestSuccess")
        }
      })
})

const outputsOf = ({ images, momentum, best, done }: Position): StepTensors => ({
  [next("images")]: images,
  ...(momentum === undefined ? {} : { [next("momentum")]: momentum }),
  ...(done === undefined ? {} : { [next("done")]: done }),
  ...(best === undefined
    ? {}
    : {
        [next("bestImages")]: best.images,
        [next("bestGain")]: best.gain,
        [next("bestSuccess")]: best.success
      })
})

/** An output's name; inputs and outputs of a program share none. */
const next = (name: string): string => `${name}.next`

/** What the model says of images: logits `[n, k]` and a loss `[n]`. */
export interface ForwardProgram {
  readonly run: (
    images: Float32Array,
    labels: Int32Array
  ) => Effect.Effect<{ readonly logits: Float32Array; readonly loss: Float32Array }, EngineFailure>
}

export const compileForward = (
  { classifier, weights, batchSize }: Compiled,
  loss: LossName
): Effect.Effect<ForwardProgram, EngineFailure, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const shape = [batchSize, ...classifier.input]
    const inputs: Signature = {
      images: { dtype: "F32", shape },
      labels: { dtype: "I32", shape: [batchSize] }
    }
    const engine = yield* Engine
    const program = yield* engine.compile({
      name: `${classifier.name}, logits and ${loss}`,
      inputs,
      state: classifier.weights,
      step: (tensors) => {
        const logits = classifier.logits(tensors, take(tensors, "images"))
        return { logits, loss: losses[loss](logits, take(tensors, "labels")) }
      }
    })
    yield* program.load(weights)
    return {
      run: (images, labels) =>
        Effect.map(
          program.run({
            images: { dtype: "F32", shape, data: images },
            labels: { dtype: "I32", shape: [batchSize], data: labels }
          }),
          (outputs: Tensors) => ({ logits: floats(outputs, "logits"), loss: floats(outputs, "loss") })
        )
    }
  })

/** A model's weights, as many of them as the classifier reads. */
export const weightsFor = (
  { name, weights }: Classifier,
  model: ReadonlyMap<string, TensorData>
): Effect.Effect<Tensors, AttackFailed> => {
  const taken: Record<string, TensorData> = {}
  for (const each of Object.keys(weights)) {
    const tensor = model.get(each)
    if (tensor === undefined)
      return Effect.fail(
        new AttackFailed({
          classifier: name,
          reason: `the weights have no tensor \`${each}\``,
          hint: "take network and weights from one model"
        })
      )
    taken[each] = tensor
  }
  return Effect.succeed(taken)
}

/** The tensor of a name. That there is none is a mistake of this program. */
export const take = <A>(tensors: { readonly [name: string]: A }, name: string): A => {
  const tensor = tensors[name]
  if (tensor === undefined) throw new Error(`there is no tensor \`${name}\``)
  return tensor
}

/** The values of a float32 tensor in memory. */
export const floats = (tensors: Tensors, name: string): Float32Array => {
  const { data, dtype } = take(tensors, name)
  if (!(data instanceof Float32Array)) throw new Error(`tensor \`${name}\` is ${dtype}, not F32`)
  return data
}
