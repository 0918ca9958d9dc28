import { assert, describe, it } from "@effect/vitest"
import { digestOf } from "../../src/artifact/digest.ts"
import { cacheKey } from "../../src/plan/key.ts"
import type { LastNode, StageCode } from "../../src/plan/last-run.ts"
import { type Current, why } from "../../src/plan/why.ts"

const now: Current = {
  stage: {
    name: "train",
    kind: "Model",
    inputs: {},
    options: {},
    code: "c1",
    modules: { "src/tensor/attack.ts": "a1", "stages/train.ts": "s1" },
    packages: { effect: "4.1.0" },
    imports: {}
  },
  params: { attack: { epsilon: 0.1, norms: ["linf"] }, epochs: 3 },
  fixed: digestOf("fixed"),
  inputs: { model: digestOf("model"), sets: [digestOf("a"), digestOf("b")] },
  environment: { THREADS: "2" },
  files: { "labels.csv": digestOf("labels") }
}

const { stage, params, ...bound } = now
const last: LastNode = {
  ...bound,
  params,
  stage: stage.name,
  code: stage.code,
  key: cacheKey(bound),
  digest: digestOf("output"),
  seconds: 1,
  bytes: 1,
  metrics: {},
  record: "",
  blobs: []
}
const code: StageCode = stage

describe("why a node runs", () => {
  it("is nothing where nothing differs", () => {
    assert.isUndefined(why(now, last, code))
  })

  it.each<readonly [string, Current]>([
    [
      "params.attack.epsilon 0.1 → 0.2",
      { ...now, params: { attack: { epsilon: 0.2, norms: ["linf"] }, epochs: 3 } }
    ],
    [
      "params.attack.norms[0] linf → l2",
      { ...now, params: { attack: { epsilon: 0.1, norms: ["l2"] }, epochs: 3 } }
    ],
    [
      "params.attack.norms: 1 → 2 items",
      { ...now, params: { attack: { epsilon: 0.1, norms: ["linf", "l2"] }, epochs: 3 } }
    ],
    [
      "params.seed added: 1",
      { ...now, params: { attack: { epsilon: 0.1, norms: ["linf"] }, epochs: 3, seed: 1 } }
    ],
    ["params.epochs removed", { ...now, params: { attack: { epsilon: 0.1, norms: ["linf"] } } }],
    [
      "params.epochs 3 → null",
      { ...now, params: { attack: { epsilon: 0.1, norms: ["linf"] }, epochs: null } }
    ],
    [
      "code: src/tensor/attack.ts",
      { ...now, stage: { ...stage, code: "c2", modules: { ...stage.modules, "src/tensor/attack.ts": "a2" } } }
    ],
    ["package effect 4.1.0 → 4.2.0", { ...now, stage: { ...stage, packages: { effect: "4.2.0" } } }],
    ["environment THREADS 2 → null", { ...now, environment: { THREADS: null } }],
    ["file labels.csv", { ...now, files: { "labels.csv": digestOf("other") } }],
    [
      `input model ${digestOf("model").slice(0, 8)} → ${digestOf("new").slice(0, 8)}`,
      { ...now, inputs: { ...now.inputs, model: digestOf("new") } }
    ],
    [
      `input sets[1] ${digestOf("b").slice(0, 8)} → ${digestOf("c").slice(0, 8)}`,
      { ...now, inputs: { ...now.inputs, sets: [digestOf("a"), digestOf("c")] } }
    ],
    ["input sets: 2 → 1 items", { ...now, inputs: { ...now.inputs, sets: [digestOf("a")] } }],
    ["stage train → retrain", { ...now, stage: { ...stage, name: "retrain" } }]
  ])("is %s", (reason, changed) => {
    assert.strictEqual(
      why(
        { ...changed, stage: { ...changed.stage, name: reason.startsWith("stage") ? "retrain" : "train" } },
        last,
        code
      ),
      reason
    )
  })

  it("names the engine where that counts", () => {
    const engine = { name: "onnx", device: "cpu", versions: { "onnxruntime-node": "1.30.0" } }
    const newer = { ...engine, versions: { "onnxruntime-node": "1.31.0" } }
    assert.isUndefined(why({ ...now, engine }, { ...last, engine }, code))
    assert.strictEqual(
      why({ ...now, engine: newer }, { ...last, engine }, code),
      "engine versions onnxruntime-node 1.30.0 → 1.31.0"
    )
    assert.strictEqual(why({ ...now, engine }, last, code), "the engine counts (--engine-strict)")
    assert.strictEqual(why(now, { ...last, engine }, code), "the engine no longer counts")
  })

  it("names the first difference when there are several: params before code before inputs", () => {
    const all = { ...now, params: { epochs: 4 }, stage: { ...stage, code: "c2" }, inputs: {} }
    assert.match(why(all, last, code) ?? "", /^params/)
    assert.match(why({ ...all, params }, last, code) ?? "", /^code/)
    assert.match(why({ ...now, inputs: {} }, last, code) ?? "", /^input model/)
  })

  it("is that the node never ran where nothing is remembered", () => {
    assert.strictEqual(why(now, undefined, undefined), "never run before")
  })
})
