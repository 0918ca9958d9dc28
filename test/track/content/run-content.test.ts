import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { digestOf } from "../../../src/artifact/digest.ts"
import { runContent } from "../../../src/track/content/index.ts"
import type { Event, PlannedNode } from "../../../src/track/event.ts"
import { decodePlan, type PlanFile } from "../../../src/track/plan-file.ts"
import { foldRun } from "../../../src/track/run-view.ts"
import { dataset, inStore, produced, writeDataset } from "./store.ts"
import { uploadText, uploadTo } from "./upload-bytes.ts"

const nodes: ReadonlyArray<PlannedNode> = [
  { name: "train", stage: "load", kind: "Dataset", params: {}, inputs: {} },
  { name: "<model>", stage: "fit", kind: "Model", params: {}, inputs: { data: "train" } },
  { name: "score", stage: "judge", kind: "Table", params: {}, inputs: { model: "<model>", data: ["train"] } }
]
const plan: PlanFile = {
  pipeline: "lab",
  description: "A test",
  preset: "demo",
  params: {},
  stages: [],
  nodes
}

const events = (digest: ReturnType<typeof digestOf>): ReadonlyArray<Event> => [
  { _tag: "NodeCached", at: 1, node: "train", key: digestOf("k"), digest, seconds: 2.345, metrics: {} },
  {
    _tag: "NodeStarted",
    at: 2,
    node: "<model>",
    key: digestOf("m"),
    reason: "first run",
    attempt: 1,
    pid: 1
  },
  {
    _tag: "NodeFailed",
    at: 3,
    node: "<model>",
    failure: { tag: "Diverged", message: "loss is NaN" },
    seconds: 1.5,
    retry: false
  },
  { _tag: "NodeSkipped", at: 3, node: "score", because: "`<model>` failed" },
  { _tag: "RunFinished", at: 4, status: "failed", seconds: 3 }
]

describe("what a pipeline's run shows", () => {
  it.effect("is its plan, its graph, its nodes, its source data and how it went", () =>
    inStore(
      Effect.gen(function* () {
        const digest = yield* writeDataset(dataset(5))
        const train = produced({ name: "train", kind: "Dataset", digest })
        const derived = produced({
          name: "kept",
          kind: "Dataset",
          digest: yield* writeDataset(dataset(6)),
          inputs: [{ input: "data", node: "train", kind: "Dataset", digest }]
        })
        const view = foldRun(events(digest), nodes)
        const { uploads, tags, datasets } = yield* runContent({ plan, view, produced: [train, derived] })

        assert.deepStrictEqual(
          uploads.map(({ path }) => path),
          ["plan.json", "graph.mmd.txt", "graph.svg", "nodes.json"]
        )
        assert.deepStrictEqual(decodePlan(yield* uploadText(uploadTo(uploads, "plan.json"))), plan)
        assert.include(yield* uploadText(uploadTo(uploads, "graph.mmd.txt")), "flowchart TD")
        assert.deepStrictEqual(JSON.parse(yield* uploadText(uploadTo(uploads, "nodes.json"))).data, [
          ["train", "load", "Dataset", "cached", 0, 2.35, digest.slice(0, 8), null],
          ["<model>", "fit", "Model", "failed", 1.5, 0, null, "loss is NaN"],
          ["score", "judge", "Table", "skipped", 0, 0, null, "`<model>` failed"]
        ])
        assert.deepStrictEqual(
          datasets.map(({ tags }) => tags["mlflow.data.context"]),
          ["train"]
        )
        assert.strictEqual(tags["mlflow.loggedArtifacts"], '[{"path":"nodes.json","type":"table"}]')
        const note = tags["mlflow.note.content"] ?? ""
        assert.include(note, "A test.")
        assert.include(note, "**failed**, 1 cached, 1 failed, 1 skipped.")
        assert.include(note, "- `<model>`: loss is NaN")
      })
    )
  )

  it.effect("lacks plan and graph where only the journal is left", () =>
    inStore(
      Effect.gen(function* () {
        const { uploads } = yield* runContent({ plan: undefined, view: foldRun([]), produced: [] })
        assert.deepStrictEqual(
          uploads.map(({ path }) => path),
          ["nodes.json"]
        )
      })
    )
  )
})
