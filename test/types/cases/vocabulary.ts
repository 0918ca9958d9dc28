/** Stages for the other cases to wire, one of each shape. */
import { Effect, Schema } from "effect"
import { Dataset, Evaluation, Model, Table } from "../../../src/artifact/index.ts"
import { Metrics, Stage } from "../../../src/stage/index.ts"

const info = { name: "none", shape: [1, 1, 1], classes: ["0"], notes: {} } as const

/** No inputs. */
export const load = Stage.make("load", {
  inputs: {},
  params: Schema.Struct({ split: Schema.Literals(["train", "test"]) }),
  output: Dataset,
  *run() {
    return yield* Effect.succeed(
      Dataset.fromArrays({ info, images: new Float32Array(1), labels: new Int32Array(1) })
    )
  }
})

/** One input, several params, and a service that stages have. */
export const train = Stage.make("train", {
  inputs: { data: Dataset },
  params: Schema.Struct({ epochs: Schema.Int, learningRate: Schema.Finite }),
  output: Model,
  *run({ data }, { epochs }) {
    yield* Metrics.log("images", data.count * epochs)
    return { network: { name: "none", layers: [] }, weights: new Map() }
  }
})

/** Two inputs of different kinds. */
export const evaluate = Stage.make("evaluate", {
  inputs: { model: Model, data: Dataset },
  params: Schema.Struct({ epsilon: Schema.Finite }),
  output: Evaluation,
  *run({ data }, { epsilon }) {
    return { title: `epsilon ${epsilon}`, count: data.count, correct: 0, perClass: [], metrics: {} }
  }
})

/** A list. */
export const compare = Stage.make("compare", {
  inputs: { results: Stage.list(Evaluation) },
  params: Schema.Struct({}),
  output: Table,
  *run({ results }) {
    return { title: "all", columns: [], rows: results.map(() => []) }
  }
})

/** A record. */
export const rank = Stage.make("rank", {
  inputs: { models: Stage.record(Model) },
  params: Schema.Struct({}),
  output: Table,
  *run({ models }) {
    return { title: Object.keys(models).join(), columns: [], rows: [] }
  }
})
