/** fixtures/layers-model.ts computed the logits, with TensorFlow.js' own layers. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { makeNetwork } from "../../../src/tensor/network/network.ts"
import { toOnnx } from "../../../src/tensor/network/to-onnx.ts"
import { images, networks, weightsOf } from "./fixtures/layers-model-cases.ts"

const Fixture = Schema.Struct({ logits: Schema.Record(Schema.String, Schema.Array(Schema.Finite)) })
const { logits } = Schema.decodeSync(Schema.fromJsonString(Fixture))(
  readFileSync(join(import.meta.dirname, "fixtures/layers-model.json"), "utf8")
)

describe("a network as an ONNX model", () => {
  it.effect.each(["everything", "rescaled"])("%s gives the network's logits", (name) =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({ name, layers: networks[name] ?? [] })
      const model = yield* toOnnx(network, weightsOf(network), { batch: 3 })
      const session = yield* Effect.promise(() => InferenceSession.create(model))
      const x = new Tensor("float32", images(network.input), [3, ...network.input])
      const run = yield* Effect.promise(() => session.run({ "in.x": x }))
      const output = run["out.logits"]
      assert.deepStrictEqual(output?.dims, [3, network.classes])
      const values = output?.data
      assert.instanceOf(values, Float32Array)
      for (const [index, value] of (logits[name] ?? []).entries())
        assert.closeTo(Number(values?.[index]), value, 4e-6, `logit ${index}`)
    })
  )

  it.effect("is refused without all weights", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({ name: "rescaled", layers: networks["rescaled"] ?? [] })
      const error = yield* Effect.flip(toOnnx(network, new Map(), { batch: 1 }))
      assert.strictEqual(error.problem, "missing")
    })
  )
})
