/** Models as MLflow 3 logs them: entities of their own, with params, tags and files. */
import { Effect, Schema } from "effect"
import { NetworkFile } from "../../artifact/kinds/model.ts"
import { readHeader } from "../../artifact/safetensors.ts"
import { elementsOf } from "../../artifact/tensor-data.ts"
import type { Example } from "./model-files.ts"
import { openArtifact } from "./open-artifact.ts"
import type { ProducedNode } from "./produced-node.ts"
import { type ContentError, type Upload, unshowable } from "./upload.ts"

export interface LoggedModel {
  /** Without `/ : . % " '`, which the server refuses. */
  readonly name: string
  readonly modelType: string
  /** What the network is; the node's params are for the caller to add. */
  readonly params: { readonly [key: string]: string }
  readonly tags: { readonly [key: string]: string }
  /** Its files, below its own artifact root, once the server has named it. */
  readonly files: (identity: ModelIdentity) => Effect.Effect<ReadonlyArray<Upload>, ContentError>
}

/** What the server says of a model that was just created; its `MLmodel` file repeats it. */
export interface ModelIdentity {
  /** `m-…` */
  readonly modelId: string
  /** The MLflow run that logs it. */
  readonly runId: string
  /** Where its files are: `mlflow-artifacts:/…`. */
  readonly artifactUri: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** The server's version, such as `3.17.2`: the one that Python is asked to load the model with. */
  readonly serverVersion: string
}

/**
 * Describes a node's model by its network and the header of its weights.
 *
 * @param example gives images of the network's input shape, if there are any; asked for with the files
 */
export const loggedModel = Effect.fnUntraced(function* (
  { name, stage, digest }: ProducedNode,
  example: Effect.Effect<Example | undefined>
) {
  const reader = yield* openArtifact(digest)
  const network = yield* networkOf(yield* reader.bytes("network.json"))
  const header = yield* readHeader(yield* reader.open("weights.safetensors")).pipe(
    Effect.mapError((error) =>
      error._tag === "MalformedSafetensors" ? unshowable("Model", error.message) : error
    )
  )
  const weights = [...header.tensors.values()].reduce((sum, { shape }) => sum + elementsOf(shape), 0)
  return {
    name: modelName(name),
    modelType: network.name,
    params: {
      network: network.name,
      layers: network.layers.map(({ type }) => String(type)).join(" "),
      input_shape: JSON.stringify(network.layers[0]?.["shape"] ?? null),
      weights: String(weights)
    },
    tags: {
      "advpipe.node": name,
      "advpipe.stage": stage,
      "advpipe.digest": digest,
      "mlflow.note.content": howToLoad
    },
    // TensorFlow.js and the writer of ONNX are loaded with the first model, not with the first run.
    files: (identity) =>
      Effect.gen(function* () {
        const { modelFiles } = yield* Effect.promise(() => import("./model-files.ts"))
        return yield* modelFiles(reader, identity, yield* example)
      })
  } satisfies LoggedModel
})

/** Markdown. */
const howToLoad = [
  "Images `[n, height, width, channels]` in [0, 1] to logits `[n, classes]`.",
  "",
  '- In Python: `mlflow.pyfunc.load_model(uri).predict(images)["logits"]`, or `mlflow.onnx.load_model(uri)`',
  "- In a pipeline: stage `import-model` with `weights.safetensors`, `network.json` and the layout `native`"
].join("\n")

/** A node's name as a model's: `corrected.fgsm.fresh` becomes `corrected-fgsm-fresh`. */
export const modelName = (node: string): string => node.replaceAll(/[/:.%"']+/g, "-")

const networkOf = (bytes: Uint8Array) =>
  Schema.decodeEffect(NetworkFile)(Buffer.from(bytes).toString("utf8")).pipe(
    Effect.mapError(({ message }) => unshowable("Model", message))
  )
