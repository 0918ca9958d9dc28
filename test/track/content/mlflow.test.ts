/** What a run shows, on a real MLflow server: as Python reads it, and as a browser shows it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Engine, type Tensors } from "../../../src/tensor/engine.ts"
import { apply, type Network } from "../../../src/tensor/network/index.ts"
import { startedEngine } from "../../../src/tensor/started-engine.ts"
import { chromiumPath, openChromium, withoutChromium } from "../../rig/chromium.ts"
import { mlflowPython, withoutMlflow } from "../../rig/mlflow-server.ts"
import { weightsOf } from "../../tensor/network/fixtures/layers-model-cases.ts"
import { loggedLab, pixels } from "./log-lab.ts"

/** What our engine says of the three images. */
const engineLogits = Effect.fnUntraced(function* (network: Network) {
  const engine = yield* Engine
  const x = { dtype: "F32", shape: [3, ...network.input] } as const
  const program = yield* engine.compile({
    name: "logits",
    inputs: { x },
    state: { ...network.parameters, ...network.statistics },
    step: (tensors) => {
      const images = tensors["x"]
      if (images === undefined) throw new Error("no images")
      return { logits: apply(network, tensors, images) }
    }
  })
  yield* program.load(Object.fromEntries(weightsOf(network)))
  const outputs: Tensors = yield* program.run({ x: { ...x, data: pixels } })
  return Array.from(outputs["logits"]?.data ?? [])
})

const loadModels = `
import json, sys, numpy, onnxruntime, mlflow
uris, shape, values = sys.argv[1].split(), json.loads(sys.argv[2]), json.loads(sys.argv[3])
images = numpy.array(values, dtype=numpy.float32).reshape(shape)
answers = []
for uri in uris:
    model = mlflow.onnx.load_model(uri)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    pyfunc = mlflow.pyfunc.load_model(uri)
    example = pyfunc.input_example
    answers.append({
        "onnx": session.run(["logits"], {"images": images})[0].ravel().tolist(),
        "pyfunc": pyfunc.predict(images)["logits"].ravel().tolist(),
        "inputs": pyfunc.metadata.signature.inputs.to_dict(),
        "outputs": pyfunc.metadata.signature.outputs.to_dict(),
        "example": numpy.asarray(example).ravel().tolist(),
        "ofExample": pyfunc.predict(numpy.asarray(example, dtype=numpy.float32))["logits"].shape,
        "environment": mlflow.pyfunc.get_model_dependencies(uri, format="pip") is not None,
    })
print(json.dumps(answers))
`

const Numbers = Schema.Array(Schema.Finite)
const Answers = Schema.Array(
  Schema.Struct({
    onnx: Numbers,
    pyfunc: Numbers,
    inputs: Schema.Json,
    outputs: Schema.Json,
    example: Numbers,
    ofExample: Numbers,
    environment: Schema.Boolean
  })
)

const readRuns = `
import json, sys, mlflow
from mlflow.data.schema import TensorDatasetSchema
client = mlflow.MlflowClient()
experiment, sweep, attacked, digits = sys.argv[1:]
table = client.load_table(experiment, "sweep.json", run_ids=[sweep])
images = [file.path for file in client.list_artifacts(attacked, "images")]
used = client.get_run(digits).inputs.dataset_inputs[0]
schema = TensorDatasetSchema.from_dict(json.loads(used.dataset.schema))
print(json.dumps({
    "columns": list(table.columns),
    "accuracy": table["accuracy"].tolist(),
    "missing": table["confidence when wrong"].isna().tolist(),
    "images": images,
    "size": mlflow.artifacts.load_image(f"runs:/{attacked}/{images[0]}").size,
    "source": mlflow.data.get_source(used.dataset).url,
    "features": schema.features.to_dict(),
    "contexts": sorted(
        tag.value
        for dataset in client.get_run(attacked).inputs.dataset_inputs
        for tag in dataset.tags
        if tag.key == "mlflow.data.context"
    ),
}))
`

describe.skipIf(mlflowPython === undefined)(
  `a run on MLflow's server${withoutMlflow}`,
  { timeout: 240_000 },
  () => {
    it.live("has a model that Python loads, and that says what our engine says", () =>
      Effect.gen(function* () {
        const { server, logged, network, registered } = yield* loggedLab()
        const expected = yield* startedEngine("auto", 1).pipe(
          Effect.flatMap(({ engine }) =>
            Effect.scoped(Effect.provideService(engineLogits(network), Engine, engine))
          )
        )
        const printed = yield* Effect.promise(() =>
          server.python(
            loadModels,
            `models:/${logged.model.modelId} models:/${registered}@champion`,
            JSON.stringify([3, ...network.input]),
            JSON.stringify([...pixels])
          )
        )
        const answers = yield* Schema.decodeUnknownEffect(Answers)(printed)
        assert.lengthOf(answers, 2)
        for (const answer of answers) {
          for (const logits of [answer.onnx, answer.pyfunc]) {
            assert.lengthOf(logits, expected.length)
            for (const [index, value] of expected.entries())
              assert.closeTo(logits[index] ?? Number.NaN, value, 1e-4)
          }
          const tensor = (shape: ReadonlyArray<number>) => ({
            type: "tensor",
            "tensor-spec": { dtype: "float32", shape }
          })
          assert.deepStrictEqual(answer.inputs, [tensor([-1, 5, 5, 3])])
          assert.deepStrictEqual(answer.outputs, [{ name: "logits", ...tensor([-1, 3]) }])
          assert.deepStrictEqual(answer.ofExample, [2, 3])
          for (const [index, value] of answer.example.entries())
            assert.closeTo(value, pixels[index] ?? 0, 1e-6)
          assert.isTrue(answer.environment)
        }
      })
    )

    it.live("has tables, images and datasets that Python reads", () =>
      Effect.gen(function* () {
        const { server, experimentId, logged } = yield* loggedLab()
        const { sweep, attacked, digits } = logged
        const read = yield* Effect.promise(() =>
          server.python(readRuns, experimentId, sweep.runId, attacked.runId, digits.runId)
        )
        assert.containSubset(read, {
          columns: [
            "epsilon",
            "set",
            "threat model",
            "images",
            "correct",
            "accuracy",
            "confidence",
            "confidence when wrong",
            "loss"
          ],
          accuracy: [1, 0.8, 0.4],
          missing: [true, false, false],
          // Clean, perturbation and attacked, each of 140 pixels, with two lines.
          size: [3 * 142 - 2, 140],
          source: "http://example.org/digits/",
          features: [{ type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1, 4, 4, 1] } }],
          contexts: ["attack source", "output"]
        })
      })
    )

    it.skipIf(chromiumPath === undefined)(
      `is a page with curves, images and a table${withoutChromium}`,
      async () => {
        const { server, experimentId, logged } = await Effect.runPromise(loggedLab())
        const pageOf = (run: string, tab: string) =>
          `${server.address}/#/experiments/${experimentId}/runs/${run}/${tab}`
        const browser = await openChromium()
        try {
          const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } })
          const mistakes: Array<string> = []
          page.on("pageerror", (error) => mistakes.push(error.message))

          // Three triplets, whose captions say what the model says; each is a picture that has loaded.
          await page.goto(pageOf(logged.attacked.runId, "model-metrics"))
          await page.getByText("FGSM eps 0.25/zero as").first().waitFor()
          const pictures = page.locator("img[src*='get-artifact']")
          await pictures.first().waitFor()
          const drawn = await pictures.evaluateAll((images) =>
            images.map((image) => ("naturalWidth" in image ? image.naturalWidth : 0))
          )
          assert.isNotEmpty(drawn)
          assert.isTrue(drawn.every((width) => width === 424))
          await page.getByText("loss", { exact: true }).first().waitFor()
          await page.locator(".js-plotly-plot, .recharts-surface").first().waitFor()

          // The table is shown as one.
          await page.goto(pageOf(logged.sweep.runId, "artifacts/sweep.json"))
          await page.getByText("View as table").waitFor()
          await page.getByRole("columnheader", { name: "threat model" }).waitFor()
          await page.getByText("white-box").first().waitFor()
          assert.deepStrictEqual(mistakes, [])
        } finally {
          await browser.close()
        }
      }
    )
  }
)
