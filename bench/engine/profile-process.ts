/**
 * A process that trains under ONNX Runtime's profiler: one line of JSON with the milliseconds of a step.
 *
 *     node profile-process.ts WORK PREFIX STEPS
 *
 * The profile is in a file whose name begins with the prefix.
 */
import { Effect, Layer, Schema } from "effect"
import { Engine } from "../../src/tensor/engine.ts"
import { knownNetworks, makeNetwork } from "../../src/tensor/network/index.ts"
import { onnxEngine } from "../../src/tensor/onnx/engine.ts"
import { warmSteps } from "./profile.ts"
import { Work } from "./protocol.ts"
import { trainingTask } from "./training.ts"

const [text, profile = "", steps] = process.argv.slice(2)
const work = Schema.decodeUnknownSync(Schema.fromJsonString(Work))(text)
const main = Effect.gen(function* () {
  const network = yield* makeNetwork(knownNetworks[work.network])
  const once = yield* trainingTask(network)
  for (let step = 0; step < warmSteps; step++) yield* once
  const start = performance.now()
  for (let step = 0; step < Number(steps); step++) yield* once
  return { step: (performance.now() - start) / Number(steps) }
})
const engine = Layer.effect(Engine, onnxEngine({ threads: work.threads, profile }))
console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(main).pipe(Effect.provide(engine)))))
