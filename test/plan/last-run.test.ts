/** What is remembered of the last run. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { type LastNode, lastNode, readLastRun, writeLastRun } from "../../src/plan/last-run.ts"
import { scratchLayout, storeAt } from "../rig/scratch-store.ts"

it.effect("metrics come back as they were, NaN and infinities too", () =>
  Effect.gen(function* () {
    const layout = yield* scratchLayout
    const node: LastNode = {
      key: digestOf("key"),
      digest: digestOf("artifact"),
      stage: "train",
      code: "c0de",
      params: {},
      seconds: 1,
      bytes: 2,
      metrics: { loss: Number.NaN, best: Number.NEGATIVE_INFINITY, accuracy: 0.5 },
      record: "stamp",
      blobs: [],
      fixed: digestOf("fixed"),
      inputs: {},
      files: {},
      environment: {}
    }
    yield* Effect.gen(function* () {
      yield* writeLastRun(layout, "study", {
        code: {},
        nodes: { train: node, test: { ...node, metrics: {} } }
      })
      const last = yield* readLastRun(layout, "study")
      assert.deepStrictEqual(lastNode(last, "train")?.metrics, node.metrics)
      assert.deepStrictEqual(lastNode(last, "test")?.metrics, {})
    }).pipe(Effect.provide(storeAt(layout)))
  }).pipe(Effect.scoped)
)
