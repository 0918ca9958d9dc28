/**
 * The files of a model as MLflow's ONNX flavour has them, so that `mlflow.onnx.load_model` and `mlflow.pyfunc.load_model` take
 * it, and beside them the network and its weights as this program stores them.
 *
 * @see `save_model` in mlflow/onnx/__init__.py
 */
import { Effect, type Schema } from "effect"
import type { ArtifactReader } from "../../artifact/kind.ts"
import { Model } from "../../artifact/kinds/model.ts"
import { elementsOf } from "../../artifact/tensor-data.ts"
import { makeNetwork, type Network } from "../../tensor/network/index.ts"
import { portableNames, toPortableOnnx } from "../../tensor/network/to-portable-onnx.ts"
import { tensorSpec } from "./dataset-input.ts"
import type { ModelIdentity } from "./logged-model.ts"
import { blobUpload, bytesUpload, type ContentError, jsonUpload, textUpload, type Upload } from "./upload.ts"
import { yaml } from "./yaml.ts"

/** Images for the input example: row-major `[n, ...shape]` in [0, 1]. */
export interface Example {
  readonly shape: ReadonlyArray<number>
  readonly images: Float32Array
}

/**
 * A network that cannot be exported, because its weights are not finite or its layers unknown, has its own two files alone, and
 * one that says why.
 *
 * @param example where its shape is not the network's, a black image stands in for it
 */
export const modelFiles = Effect.fnUntraced(function* (
  reader: ArtifactReader,
  identity: ModelIdentity,
  example: Example | undefined
): Effect.fn.Return<ReadonlyArray<Upload>, ContentError> {
  const own = [
    blobUpload("network.json", "application/json", yield* reader.open("network.json")),
    blobUpload("weights.safetensors", "application/octet-stream", yield* reader.open("weights.safetensors"))
  ]
  return yield* exported(yield* Model.decode(reader)).pipe(
    Effect.map(({ network, onnx }) => [...flavourFiles(network, onnx, identity, example), ...own]),
    Effect.catch(({ message }) =>
      Effect.succeed([...own, textUpload("no-onnx.txt", "text/plain", () => `${message}\n`)])
    )
  )
})

const exported = Effect.fnUntraced(function* ({ network: description, weights }: Model) {
  const network = yield* makeNetwork(description)
  return { network, onnx: yield* toPortableOnnx(network, weights) }
})

const flavourFiles = (
  network: Network,
  onnx: Uint8Array,
  identity: ModelIdentity,
  example: Example | undefined
): ReadonlyArray<Upload> => {
  const rows = exampleRows(network, example)
  const requirements = requirementsFor(identity.serverVersion)
  return [
    textUpload("MLmodel", "text/plain", () => yaml(mlModel(network, identity, onnx.length))),
    bytesUpload("model.onnx", "application/octet-stream", Effect.succeed(onnx)),
    textUpload("requirements.txt", "text/plain", () => `${requirements.join("\n")}\n`),
    textUpload("python_env.yaml", "text/plain", () => yaml(pythonEnvironment)),
    textUpload("conda.yaml", "text/plain", () => yaml(condaEnvironment(requirements))),
    jsonUpload(exampleFile, () => rows),
    jsonUpload(servingExampleFile, () => ({ inputs: rows }))
  ]
}

const exampleFile = "input_example.json"
const servingExampleFile = "serving_input_example.json"

/** Python that the model was tried with; any that MLflow runs on will do. */
const python = "3.11"

/** Lower bounds know operator set 17, which the model is written in. */
const requirementsFor = (serverVersion: string) => [
  `mlflow==${serverVersion}`,
  "numpy",
  "onnx>=1.12,<2",
  "onnxruntime>=1.12,<2"
]

const pythonEnvironment = {
  python,
  build_dependencies: ["pip", "setuptools", "wheel"],
  dependencies: ["-r requirements.txt"]
}

const condaEnvironment = (requirements: ReadonlyArray<string>) => ({
  channels: ["conda-forge"],
  dependencies: [`python=${python}`, "pip", { pip: [...requirements] }],
  name: "mlflow-env"
})

/** What MLflow writes for a model of this flavour. A signature's parts are JSON inside YAML. */
const mlModel = (network: Network, identity: ModelIdentity, bytes: number) => ({
  artifact_path: identity.artifactUri,
  flavors: {
    onnx: {
      code: null,
      data: "model.onnx",
      onnx_session_options: null,
      onnx_version: "1.12.0",
      providers: ["CPUExecutionProvider"]
    },
    python_function: {
      data: "model.onnx",
      env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
      loader_module: "mlflow.onnx",
      python_version: python
    }
  },
  is_signature_from_type_hint: false,
  mlflow_version: identity.serverVersion,
  model_id: identity.modelId,
  model_size_bytes: bytes,
  model_uuid: identity.modelId,
  run_id: identity.runId,
  saved_input_example_info: {
    artifact_path: exampleFile,
    serving_input_path: servingExampleFile,
    type: "ndarray"
  },
  signature: {
    inputs: JSON.stringify([tensorSpec("float32", [-1, ...network.input])]),
    outputs: JSON.stringify([tensorSpec("float32", [-1, network.classes], portableNames.output)]),
    params: null
  },
  type_hint_from_example: false,
  utc_time_created: new Date(identity.createdAt).toISOString().replace("T", " ").replace("Z", "")
})

/** `[n][height][width][channels]`, as JSON has arrays. */
const exampleRows = (network: Network, example: Example | undefined): Schema.Json => {
  const size = elementsOf(network.input)
  const images = example?.shape.join() === network.input.join() ? example.images : new Float32Array(size)
  return nested(Array.from(images, rounded), [images.length / size, ...network.input])
}

/** 0.1 and not 0.10000000149011612: it is an example. */
const rounded = (value: number): number => Number(value.toPrecision(7))

const nested = (values: ReadonlyArray<number>, [, ...inner]: ReadonlyArray<number>): Array<Schema.Json> => {
  if (inner.length === 0) return [...values]
  const size = elementsOf(inner)
  return Array.from({ length: values.length / size }, (_, index) =>
    nested(values.slice(index * size, (index + 1) * size), inner)
  )
}
