/**
 * A process that trains for the first time: one line of JSON with what came before the second step, in milliseconds.
 *
 *     node first-run-process.ts WORK
 */
import { Effect, Schema } from "effect"
import { Engine } from "../../src/tensor/engine.ts"
import { knownNetworks, makeNetwork } from "../../src/tensor/network/index.ts"
import { onnxEngine } from "../../src/tensor/onnx/engine.ts"
import { Work } from "./protocol.ts"
import { compileTraining, trainingBatches } from "./training.ts"

const work = Schema.decodeUnknownSync(Schema.fromJsonString(Work))(process.argv[2])
const main = Effect.gen(function* () {
  const network = yield* makeNetwork(knownNetworks[work.network])
  // Counted from the start of the process.
  const begun = performance.now()
  const engine = yield* onnxEngine({ threads: work.threads })
  const start = performance.now()
  const { program, first } = yield* compileTraining(network).pipe(Effect.provideService(Engine, engine))
  const compiled = performance.now()
  yield* program.load(first)
  const inputs = trainingBatches(network)()
  const ready = performance.now()
  yield* program.run(inputs)
  return { begun, load: start - begun, compile: compiled - start, firstStep: performance.now() - ready }
})
console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(main))))
