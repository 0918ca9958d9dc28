import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Artifacts } from "../../../src/artifact/artifacts.ts"
import { Blobs } from "../../../src/artifact/blobs.ts"
import { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import { datasetInputs } from "../../../src/track/content/dataset-input.ts"
import { dataset, inStore, writeDataset } from "./store.ts"

describe("a dataset as an input of a run", () => {
  it.effect("has a digest that the server takes, and the tensors, counts and notes of the artifact", () =>
    inStore(
      Effect.gen(function* () {
        const notes = { source: "http://example.org/digits/", split: "test" }
        const digest = yield* writeDataset(dataset(5, { notes }))
        const [input, ...others] = yield* datasetInputs([{ digest, node: "test", context: "evaluation" }])
        assert.lengthOf(others, 0)
        assert.deepStrictEqual(input, {
          name: "digits",
          digest: digest.slice(0, 36),
          sourceType: "http",
          source: '{"url":"http://example.org/digits/"}',
          schema: JSON.stringify({
            mlflow_tensorspec: {
              features: '[{"type":"tensor","tensor-spec":{"dtype":"float32","shape":[-1,4,4,1]}}]',
              targets: '[{"type":"tensor","tensor-spec":{"dtype":"int32","shape":[-1]}}]'
            }
          }),
          profile: JSON.stringify({
            features_shape: [5, 4, 4, 1],
            features_size: 80,
            targets_shape: [5],
            num_rows: 5,
            classes: ["zero", "one", "two"],
            stored_as: "F32",
            notes
          }),
          tags: { "mlflow.data.context": "evaluation", "advpipe.digest": digest, "advpipe.node": "test" }
        })
      })
    )
  )

  it.effect("is said once, with every context that it was used in", () =>
    inStore(
      Effect.gen(function* () {
        const digest = yield* writeDataset(dataset(5))
        const other = yield* writeDataset(dataset(6))
        const use = (context: string) => ({ digest, node: "train", context })
        const inputs = yield* datasetInputs([
          use("training"),
          { digest: other, node: "test", context: "validation.0" },
          use("validation.1"),
          use("training")
        ])
        assert.deepStrictEqual(
          inputs.map(({ tags }) => tags["mlflow.data.context"]),
          ["training, validation.1", "validation.0"]
        )
      })
    )
  )

  it.effect("comes from the node that made it, unless it is a published set as it was", () =>
    inStore(
      Effect.gen(function* () {
        const notes = { source: "http://example.org/", attack: { epsilon: 0.3 } }
        const attacked = yield* writeDataset(dataset(5, { notes }))
        const generated = yield* writeDataset(dataset(5, { notes: { seed: 1 } }))
        const inputs = yield* datasetInputs(
          [attacked, generated].map((digest) => ({ digest, node: "n", context: "c" }))
        )
        for (const [index, digest] of [attacked, generated].entries()) {
          assert.strictEqual(inputs[index]?.sourceType, "code")
          assert.strictEqual(
            inputs[index]?.source,
            JSON.stringify({ tags: { "advpipe.node": "n", "advpipe.digest": digest } })
          )
        }
      })
    )
  )

  it.effect("costs no look at its images: one whose pixels are damaged is described as well", () =>
    inStore(
      Effect.gen(function* () {
        const { layout } = yield* Blobs
        const artifacts = yield* Artifacts
        const part = yield* writeDataset(dataset(500))
        const stored = (yield* artifacts.reader(part)).manifest.files["data.safetensors"]
        assert.isDefined(stored)
        if (stored === undefined) return
        const combined = yield* Dataset.combine(
          [yield* Effect.flatMap(artifacts.reader(part), Dataset.decode)],
          {
            info: dataset(1).info
          }
        )
        const digest = yield* writeDataset(combined)
        const path = layout.blob(stored.digest)
        const bytes = readFileSync(path)
        chmodSync(path, 0o600)
        writeFileSync(path, bytes.fill(7, bytes.length - 64))
        assert.isTrue(yield* Effect.isFailure(artifacts.check(digest)))

        const [input] = yield* datasetInputs([{ digest, node: "n", context: "c" }])
        assert.include(input?.profile, '"num_rows":500')
        assert.include(input?.profile, '"stored_as":"1 parts"')
      })
    )
  )
})
