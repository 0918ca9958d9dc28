/** Our side of `engine`: one task on one network, as often as it is asked (protocol.ts). */
import { createInterface } from "node:readline"
import { Effect, Layer, Schema } from "effect"
import { Engine } from "../../src/tensor/engine.ts"
import { initialise, knownNetworks, makeNetwork, type Network } from "../../src/tensor/network/index.ts"
import { onnxEngine } from "../../src/tensor/onnx/engine.ts"
import { makeEvaluator } from "../../src/tensor/train/evaluator.ts"
import { attackerTask, attackTask, fgsmAttack, pgdAttack } from "./attacks.ts"
import { batchSize, type TaskName } from "./cases.ts"
import { makeBatches } from "./examples.ts"
import { peakMemory } from "./memory.ts"
import { type Measured, Work } from "./protocol.ts"
import { measureTrainer, trainingTask } from "./training.ts"

const evaluationTask = Effect.fnUntraced(function* (network: Network) {
  const evaluator = yield* makeEvaluator(network, batchSize)
  yield* evaluator.load(Object.fromEntries(initialise(network, { seed: 1 })))
  const nextBatch = makeBatches(network)
  return Effect.suspend(() => {
    const { images, labels } = nextBatch()
    evaluator.images.set(images)
    evaluator.labels.set(labels)
    return evaluator.run(batchSize)
  })
})

/** Works for so many seconds. */
type Measure = (seconds: number) => Effect.Effect<Measured, unknown, Engine>

/** Runs before anything is measured: compilers and allocators learn in them. */
const warmRuns = 3

/** Prepares a task. */
const prepare = Effect.fnUntraced(function* (task: TaskName, network: Network) {
  if (task === "trainer") return (seconds: number) => measureTrainer(network, seconds)
  const once = yield* taskOf(task, network)
  for (let run = 0; run < warmRuns; run++) yield* once
  return Effect.fnUntraced(function* (seconds: number) {
    const start = performance.now()
    let images = 0
    let passed = 0
    while (passed < seconds) {
      yield* once
      images += batchSize
      passed = (performance.now() - start) / 1000
    }
    return { images, seconds: passed } satisfies Measured
  })
})

const taskOf = (task: Exclude<TaskName, "trainer">, network: Network) => {
  switch (task) {
    case "train":
      return trainingTask(network)
    case "evaluate":
      return evaluationTask(network)
    case "fgsm":
      return attackTask(network, fgsmAttack)
    case "attacker":
      return attackerTask(network, fgsmAttack)
    case "pgd":
      return attackTask(network, pgdAttack)
  }
}

const say = (answer: object): void => console.log(JSON.stringify(answer))

const work = Schema.decodeUnknownSync(Schema.fromJsonString(Work))(process.argv[2])
const main = Effect.gen(function* () {
  const network = yield* makeNetwork(knownNetworks[work.network])
  const measure: Measure = yield* prepare(work.task, network)
  const engine = yield* Engine
  say({ ready: `ONNX Runtime ${engine.info.versions["onnxruntime-node"]}` })
  const services = yield* Effect.context<Engine>()
  yield* Effect.promise(async () => {
    for await (const line of createInterface({ input: process.stdin }))
      say(await Effect.runPromiseWith(services)(measure(Number(line))))
  })
  say({ peak: peakMemory() })
})
await Effect.runPromise(
  Effect.scoped(main).pipe(Effect.provide(Layer.effect(Engine, onnxEngine({ threads: work.threads }))))
)
