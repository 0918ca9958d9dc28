/** A store with a few artifacts for tests of what is shown of them. */
import { Effect } from "effect"
import { Artifacts } from "../../../src/artifact/artifacts.ts"
import type { Digest } from "../../../src/artifact/digest.ts"
import { Dataset, type DatasetInfo } from "../../../src/artifact/kinds/dataset.ts"
import type { Model } from "../../../src/artifact/kinds/model.ts"
import type { TensorData } from "../../../src/artifact/tensor-data.ts"
import type { ProducedNode } from "../../../src/track/content/index.ts"
import { scratchLayout, storeAt } from "../../rig/scratch-store.ts"

/** Runs an effect over an empty store that goes with the test. */
export const inStore = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(scratchLayout, (layout) => effect.pipe(Effect.provide(storeAt(layout))))

export const produced = (
  node: Partial<ProducedNode> & { readonly digest: Digest; readonly kind: string }
): ProducedNode => ({
  name: "node",
  stage: "stage",
  params: {},
  at: 1_700_000_000_000,
  inputs: [],
  ...node
})

export const info: DatasetInfo = {
  name: "digits",
  shape: [4, 4, 1],
  classes: ["zero", "one", "two"],
  notes: {}
}

/** Images whose pixels and labels follow from their row: label `row % 3`. */
export const dataset = (count: number, change: Partial<DatasetInfo> = {}, brighter = 0): Dataset =>
  Dataset.fromArrays({
    info: { ...info, ...change },
    images: Float32Array.from({ length: count * 16 }, (_, i) =>
      Math.min(1, ((i * 37) % 101) / 125 + brighter)
    ),
    labels: Int32Array.from({ length: count }, (_, row) => row % 3)
  })

export const writeDataset = (value: Dataset) =>
  Effect.flatMap(Artifacts, (artifacts) => artifacts.write(Dataset, value))

/** Notes of a dataset that FGSM has made. */
export const attackNotes = {
  attack: {
    norm: "linf",
    epsilon: 0.25,
    stepSize: 0.25,
    steps: 1,
    loss: "cross-entropy",
    target: "none",
    randomStart: "none",
    restarts: 1,
    momentum: 0,
    iterate: "last",
    labels: "true"
  }
}

const tensor = (shape: ReadonlyArray<number>, data: ReadonlyArray<number>): TensorData => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(data)
})

/** A network that says the class whose bias is the largest, whatever it sees. */
export const saying = (label: number): Model => ({
  network: {
    name: "stubborn",
    layers: [
      { type: "input", shape: [4, 4, 1] },
      { type: "flatten" },
      { type: "dense", units: 3, name: "out" }
    ]
  },
  weights: new Map([
    [
      "out.weight",
      tensor(
        [16, 3],
        Array.from({ length: 48 }, () => 0)
      )
    ],
    [
      "out.bias",
      tensor(
        [3],
        [0, 1, 2].map((each) => (each === label ? 2 : 0))
      )
    ]
  ])
})
