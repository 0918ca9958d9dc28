/** fixtures/layers-model.ts computed the logits, with TensorFlow.js' own layers. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { elementsOf } from "../../../src/artifact/tensor-data.ts"
import { makeNetwork } from "../../../src/tensor/network/network.ts"
import { toPortableOnnx } from "../../../src/tensor/network/to-portable-onnx.ts"
import { images, networks, weightsOf } from "./fixtures/layers-model-cases.ts"

const Fixture = Schema.Struct({ logits: Schema.Record(Schema.String, Schema.Array(Schema.Finite)) })
const { logits } = Schema.decodeSync(Schema.fromJsonString(Fixture))(
  readFileSync(join(import.meta.dirname, "fixtures/layers-model.json"), "utf8")
)

describe("a network as an ONNX model for everybody", () => {
  it.effect.each(["everything", "rescaled"])(
    "%s gives the network's logits for any number of images",
    (name) =>
      Effect.gen(function* () {
        const network = yield* makeNetwork({ name, layers: networks[name] ?? [] })
        const model = yield* toPortableOnnx(network, weightsOf(network))
        const session = yield* Effect.promise(() => InferenceSession.create(model))
        const pixels = images(network.input)
        const size = elementsOf(network.input)
        for (const count of [3, 1]) {
          const x = new Tensor("float32", pixels.slice(0, count * size), [count, ...network.input])
          const run = yield* Effect.promise(() => session.run({ images: x }))
          const output = run["logits"]
          assert.deepStrictEqual(output?.dims, [count, network.classes])
          const values = output?.data
          assert.instanceOf(values, Float32Array)
          const expected = (logits[name] ?? []).slice(0, count * network.classes)
          assert.lengthOf(expected, count * network.classes)
          for (const [index, value] of expected.entries())
            assert.closeTo(Number(values?.[index]), value, 4e-6, `logit ${index} of ${count} images`)
        }
      })
  )

  it.effect("uses ONNX's operators alone", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({ name: "everything", layers: networks["everything"] ?? [] })
      const model = yield* toPortableOnnx(network, weightsOf(network))
      assert.notInclude(Buffer.from(model).toString("latin1"), "com.microsoft")
    })
  )

  it.effect("is refused without all weights", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({ name: "rescaled", layers: networks["rescaled"] ?? [] })
      const error = yield* Effect.flip(toPortableOnnx(network, new Map()))
      assert.strictEqual(error.problem, "missing")
    })
  )
})
