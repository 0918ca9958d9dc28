/** Datasets as MLflow's inputs of a run: what was used, where it came from, what its rows are like. */
import { Effect } from "effect"
import type { Artifacts } from "../../artifact/artifacts.ts"
import type { Blobs } from "../../artifact/blobs.ts"
import type { Digest } from "../../artifact/digest.ts"
import type { Dataset, DatasetInfo } from "../../artifact/kinds/dataset.ts"
import { elementsOf } from "../../artifact/tensor-data.ts"
import { openDataset } from "./open-artifact.ts"
import type { ContentError } from "./upload.ts"

/** A dataset as MLflow's `log-inputs` takes it. `source`, `schema` and `profile` are JSON. */
export interface DatasetInput {
  readonly name: string
  /** The first 36 of the artifact digest's 64 hexadecimal digits: the server takes no more. */
  readonly digest: string
  readonly sourceType: string
  readonly source: string
  readonly schema: string
  readonly profile: string
  /** `mlflow.data.context`, and the whole digest as `advpipe.digest`. */
  readonly tags: { readonly [key: string]: string }
}

/** How a dataset artifact is called in MLflow. */
export const datasetDigest = (digest: Digest): string => digest.slice(0, 36)

/** A dataset that a run used, and as what. */
export interface UsedDataset {
  readonly digest: Digest
  /** The node that made it. */
  readonly node: string
  /** As the UI calls the context: `training`, `sets.test`. */
  readonly context: string
}

/**
 * Describes datasets without reading an image. One that is used twice is described once, with both contexts: the server
 * ignores a second one of the same name and digest.
 */
export const datasetInputs = (
  used: ReadonlyArray<UsedDataset>
): Effect.Effect<ReadonlyArray<DatasetInput>, ContentError, Artifacts | Blobs> =>
  Effect.forEach(
    Map.groupBy(used, ({ digest }) => digest),
    ([digest, uses]) =>
      Effect.map(openDataset(digest), (dataset) =>
        inputOf(dataset, digest, uses[0]?.node ?? "", [...new Set(uses.map(({ context }) => context))])
      )
  )

const mostName = 500
const mostContext = 500

const inputOf = (
  dataset: Dataset,
  digest: Digest,
  node: string,
  contexts: ReadonlyArray<string>
): DatasetInput => {
  const { info } = dataset
  return {
    name: info.name.slice(0, mostName),
    digest: datasetDigest(digest),
    ...sourceOf(info, node, digest),
    schema: JSON.stringify(schemaOf(info)),
    profile: JSON.stringify(profileOf(dataset)),
    tags: {
      "mlflow.data.context": contexts.join(", ").slice(0, mostContext),
      "advpipe.digest": digest,
      "advpipe.node": node.slice(0, mostContext)
    }
  }
}

/** A published set has an address in its notes; what a stage made has the stage. */
const sourceOf = (info: DatasetInfo, node: string, digest: Digest) => {
  const address = info.notes["source"]
  // What was made of a published set is no longer what its address has.
  const isDerived = info.notes["attack"] !== undefined || info.notes["parts"] !== undefined
  return typeof address === "string" && /^https?:/.test(address) && !isDerived
    ? { sourceType: "http", source: JSON.stringify({ url: address }) }
    : {
        sourceType: "code",
        source: JSON.stringify({ tags: { "advpipe.node": node, "advpipe.digest": digest } })
      }
}

/** As `TensorDatasetSchema.to_dict` of MLflow's mlflow/data/schema.py: its two texts are JSON inside JSON. */
const schemaOf = ({ shape }: DatasetInfo) => ({
  mlflow_tensorspec: {
    features: JSON.stringify([tensorSpec("float32", [-1, ...shape])]),
    targets: JSON.stringify([tensorSpec("int32", [-1])])
  }
})

/** One entry of a signature's or schema's JSON. -1 is any number. */
export const tensorSpec = (dtype: "float32" | "int32", shape: ReadonlyArray<number>, name?: string) => ({
  ...(name === undefined ? {} : { name }),
  type: "tensor",
  "tensor-spec": { dtype, shape }
})

/** The first three are what MLflow's own datasets of arrays have. */
const profileOf = ({ info, count, layout }: Dataset) => ({
  features_shape: [count, ...info.shape],
  features_size: count * elementsOf(info.shape),
  targets_shape: [count],
  num_rows: count,
  classes: info.classes,
  stored_as: layout._tag === "Stored" ? layout.dtype : `${layout.parts.length} parts`,
  notes: info.notes
})
