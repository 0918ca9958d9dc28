/** Stages that must not compile. */
import { Effect, FileSystem, Schema } from "effect"
import { Model, Table } from "../../../src/artifact/index.ts"
import { Stage } from "../../../src/stage/index.ts"

const common = { inputs: { model: Model }, params: Schema.Struct({ epsilon: Schema.Finite }), output: Table }
const table = { title: "none", columns: [], rows: [] }

// It yields a service that no stage is given.
export const readsFiles = Stage.make("reads-files", {
  ...common,
  // error: Type 'FileSystem' is not assignable to type 'StageServices'
  *run() {
    const files = yield* FileSystem.FileSystem
    return { ...table, title: yield* Effect.orDie(files.readFileString("notes.txt")) }
  }
})

// It returns something else than its kind holds.
export const returnsNumber = Stage.make("returns-number", {
  ...common,
  // error: Type 'number' is not assignable to type
  *run() {
    return 1
  }
})

// It returns nothing.
export const returnsNothing = Stage.make("returns-nothing", {
  ...common,
  // error: Type 'void' is not assignable to type
  *run() {
    yield* Effect.void
  }
})

// It fails with something that says neither what nor why.
export const failsBadly = Stage.make("fails-badly", {
  ...common,
  // error: Type 'string' is not assignable to type 'StageFailure'
  *run() {
    yield* Effect.fail("no")
    return table
  }
})

// It reads an input that it did not declare.
export const readsMore = Stage.make("reads-more", {
  ...common,
  // error: Property 'data' does not exist on type 'Values<
  *run({ data }) {
    return data
  }
})

// It reads a param that it did not declare.
export const readsParam = Stage.make("reads-param", {
  ...common,
  // error: Property 'steps' does not exist on type
  *run(_, { steps }) {
    return { ...table, title: steps }
  }
})
