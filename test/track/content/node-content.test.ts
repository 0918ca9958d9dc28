import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Artifacts } from "../../../src/artifact/artifacts.ts"
import { type Digest, digestOf } from "../../../src/artifact/digest.ts"
import { Kind } from "../../../src/artifact/kind.ts"
import { Evaluation } from "../../../src/artifact/kinds/evaluation.ts"
import { Figure } from "../../../src/artifact/kinds/figure.ts"
import { Model } from "../../../src/artifact/kinds/model.ts"
import { Sweep } from "../../../src/artifact/kinds/sweep.ts"
import { Table } from "../../../src/artifact/kinds/table.ts"
import { importWeights, makeNetwork, readSafetensors } from "../../../src/tensor/network/index.ts"
import { inputsOf, type NodeInput, nodeContent } from "../../../src/track/content/index.ts"
import { attackNotes, dataset, inStore, produced, saying, writeDataset } from "./store.ts"
import { uploadBytes, uploadText, uploadTo } from "./upload-bytes.ts"

const write = <Name extends string, Value>(kind: Kind<Name, Value>, value: Value) =>
  Effect.flatMap(Artifacts, (artifacts) => artifacts.write(kind, value))

const identity = {
  modelId: "m-1",
  runId: "run",
  artifactUri: "mlflow-artifacts:/1/models/m-1/artifacts",
  createdAt: 1_700_000_000_123,
  serverVersion: "3.17.2"
}

describe("what a node's run shows", () => {
  it.effect("of a table is one that MLflow renders", () =>
    inStore(
      Effect.gen(function* () {
        const columns = [{ name: "a", type: "number", unit: "s" }] as const
        const digest = yield* write(Table, { title: "Sums", columns, rows: [[1]] })
        const { uploads, tags, datasets, models } = yield* nodeContent(produced({ digest, kind: "Table" }))
        assert.strictEqual(
          yield* uploadText(uploadTo(uploads, "table.json")),
          '{"columns":["a"],"data":[[1]]}'
        )
        assert.deepStrictEqual(tags, {
          "mlflow.loggedArtifacts": '[{"path":"table.json","type":"table"}]',
          "mlflow.note.content": "**Sums**\n\nUnits: a (s)"
        })
        assert.deepStrictEqual([datasets, models], [[], []])
      })
    )
  )

  it.effect("of an evaluation and of a sweep are tables, and the sweep's curve", () =>
    inStore(
      Effect.gen(function* () {
        const perClass = [{ name: "0", count: 2, correct: 1 }]
        const evaluation = yield* write(Evaluation, {
          title: "E",
          count: 2,
          correct: 1,
          perClass,
          metrics: {}
        })
        const trial = {
          set: "test",
          count: 2,
          correct: 1,
          perClass,
          confidence: 1,
          wrongConfidence: null,
          loss: 1
        }
        const sweep = yield* write(Sweep, {
          title: "S <1>",
          network: "n",
          source: "white-box",
          attack: {},
          points: [{ epsilon: 0.5, trials: [trial] }]
        })
        const evaluated = yield* nodeContent(produced({ digest: evaluation, kind: "Evaluation" }))
        assert.deepStrictEqual(
          evaluated.uploads.map(({ path }) => path),
          ["evaluation.json"]
        )
        const swept = yield* nodeContent(produced({ digest: sweep, kind: "Sweep" }))
        assert.deepStrictEqual(
          swept.uploads.map(({ path }) => path),
          ["sweep.json", "figures/accuracy.svg"]
        )
        assert.include(yield* uploadText(uploadTo(swept.uploads, "figures/accuracy.svg")), "S &lt;1&gt;")
      })
    )
  )

  it.effect("of a figure is its files, byte for byte", () =>
    inStore(
      Effect.gen(function* () {
        const png = Uint8Array.from([1, 2, 3])
        const digest = yield* write(Figure, { title: "F", description: "all", png, svg: "<svg/>" })
        const { uploads, tags } = yield* nodeContent(produced({ digest, kind: "Figure" }))
        assert.deepStrictEqual([...(yield* uploadBytes(uploadTo(uploads, "figures/figure.png")))], [1, 2, 3])
        const svg = uploadTo(uploads, "figures/figure.svg")
        assert.deepStrictEqual([yield* uploadText(svg), svg.contentType], ["<svg/>", "image/svg+xml"])
        assert.strictEqual(tags["mlflow.note.content"], "**F**\n\nall")
      })
    )
  )

  it.effect("of another kind is its files, unless they are large", () =>
    inStore(
      Effect.gen(function* () {
        const Note = Kind.json("Note", Schema.Struct({ text: Schema.String }))
        const small = yield* write(Note, { text: "hello" })
        const large = yield* write(Note, { text: "x".repeat(1 << 20) })
        const { uploads } = yield* nodeContent(produced({ digest: small, kind: "Note" }))
        assert.strictEqual(yield* uploadText(uploadTo(uploads, "artifact/note.json")), '{"text":"hello"}\n')
        assert.deepStrictEqual((yield* nodeContent(produced({ digest: large, kind: "Note" }))).uploads, [])
      })
    )
  )

  it.effect("are the datasets that it used and made, each as what it was", () =>
    inStore(
      Effect.gen(function* () {
        const data = {
          input: "data",
          node: "train",
          kind: "Dataset",
          digest: yield* writeDataset(dataset(6))
        }
        const held = {
          input: "validation.0",
          node: "held",
          kind: "Dataset",
          digest: yield* writeDataset(dataset(9))
        }
        const model = {
          input: "model",
          node: "baseline",
          kind: "Model",
          digest: yield* write(Model, saying(1))
        }
        const attacked = yield* writeDataset(dataset(6, { notes: attackNotes }))
        const none = yield* write(Table, { title: "t", columns: [], rows: [] })
        const contexts = (kind: string, digest: Digest, inputs: ReadonlyArray<NodeInput>) =>
          Effect.map(nodeContent(produced({ kind, digest, inputs })), ({ datasets }) =>
            datasets.map(({ tags }) => tags["mlflow.data.context"])
          )
        assert.deepStrictEqual(yield* contexts("Model", model.digest, [data, held]), [
          "training",
          "validation.0"
        ])
        assert.deepStrictEqual(yield* contexts("Dataset", attacked, [model, data]), [
          "attack source",
          "output"
        ])
        assert.deepStrictEqual(yield* contexts("Table", none, [model, data]), ["evaluation"])
        assert.deepStrictEqual(yield* contexts("Table", none, [data]), ["data"])
      })
    )
  )

  it.effect("of a model are the files of MLflow's ONNX flavour, and the weights to import again", () =>
    inStore(
      Effect.gen(function* () {
        const model = saying(1)
        const digest = yield* write(Model, model)
        const data = {
          input: "data",
          node: "train",
          kind: "Dataset",
          digest: yield* writeDataset(dataset(5))
        }
        const node = produced({ name: "pgd/fresh", digest, kind: "Model", inputs: [data] })
        const [logged] = (yield* nodeContent(node)).models
        assert.isDefined(logged)
        if (logged === undefined) return
        assert.strictEqual(logged.name, "pgd-fresh")
        assert.deepStrictEqual(logged.params, {
          network: "stubborn",
          layers: "input flatten dense",
          input_shape: "[4,4,1]",
          weights: "51"
        })

        const files = yield* logged.files(identity)
        assert.deepStrictEqual(
          files.map(({ path }) => path),
          [
            "MLmodel",
            "model.onnx",
            "requirements.txt",
            "python_env.yaml",
            "conda.yaml",
            "input_example.json",
            "serving_input_example.json",
            "network.json",
            "weights.safetensors"
          ]
        )
        const description = yield* uploadText(uploadTo(files, "MLmodel"))
        assert.include(description, 'model_id: "m-1"\n')
        assert.include(description, 'utc_time_created: "2023-11-14 22:13:20.123"\n')
        assert.include(yield* uploadText(uploadTo(files, "requirements.txt")), "mlflow==3.17.2\n")

        // Two of the images that it was trained on.
        const example = JSON.parse(yield* uploadText(uploadTo(files, "input_example.json")))
        const { images } = yield* dataset(5).rows(0, 2)
        assert.deepStrictEqual(Array.from(Float32Array.from(example.flat(3))), Array.from(images))

        const tensors = yield* readSafetensors(yield* uploadBytes(uploadTo(files, "weights.safetensors")))
        const network = yield* makeNetwork(JSON.parse(yield* uploadText(uploadTo(files, "network.json"))))
        const weights = yield* importWeights(network, tensors, { layout: "native" })
        assert.deepStrictEqual([...weights], [...model.weights])
      })
    )
  )

  it.effect("of a model that diverged are its own files, and why there are no others", () =>
    inStore(
      Effect.gen(function* () {
        const { network, weights } = saying(0)
        const nan = { dtype: "F32", shape: [3], data: Float32Array.of(0, Number.NaN, 0) } as const
        const digest = yield* write(Model, { network, weights: new Map([...weights, ["out.bias", nan]]) })
        const [logged] = (yield* nodeContent(produced({ digest, kind: "Model" }))).models
        const files = logged === undefined ? [] : yield* logged.files(identity)
        assert.deepStrictEqual(
          files.map(({ path }) => path),
          ["network.json", "weights.safetensors", "no-onnx.txt"]
        )
        assert.include(yield* uploadText(uploadTo(files, "no-onnx.txt")), "NaN")
      })
    )
  )

  it("inputs of lists and records have their place in them; what was not made is left out", () => {
    const x = { kind: "Dataset", digest: digestOf("x") }
    const known = new Map([["x", x]])
    assert.deepStrictEqual(inputsOf({ a: "x", b: ["missing", "x"], c: { d: "x" } }, known), [
      { input: "a", node: "x", ...x },
      { input: "b.1", node: "x", ...x },
      { input: "c.d", node: "x", ...x }
    ])
  })
})
