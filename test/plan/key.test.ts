import { assert, describe, it } from "@effect/vitest"
import { asDigest, digestOf } from "../../src/artifact/digest.ts"
import { type BoundParts, cacheKey, type FixedParts, fixedDigest } from "../../src/plan/key.ts"

const fixed: FixedParts = {
  stage: "train",
  code: digestOf("code"),
  packages: { effect: "4.1.0" },
  params: { epochs: 3, attack: { epsilon: 0.1, norms: ["linf", "l2"] } }
}

const bound: BoundParts = {
  fixed: asDigest("0".repeat(64)),
  inputs: { data: digestOf("data"), sets: [digestOf("a"), digestOf("b")], byName: { x: digestOf("x") } },
  environment: { OMP_NUM_THREADS: "2", UNSET: null },
  files: { "data/labels.csv": digestOf("labels") }
}

const onnx = { name: "onnx", device: "cpu", versions: { "onnxruntime-node": "1.30.0" } }

describe("cache key", () => {
  // Golden, and computed by golden-keys.py, which knows only the encoding's description. Whoever changes these changes every key in every store, and must raise `keyFormat`.
  it("is pinned", () => {
    assert.strictEqual(fixedDigest(fixed), "58f5efea6b0084356940e6e5c825f676eea6cce6cfca75febb80770a713205a8")
    assert.strictEqual(cacheKey(bound), "e87fa09cbd432ba2ccb5168e232c58f8aaaa105aaca0eb26cf9380764032cc97")
  })

  const variants: ReadonlyArray<readonly [string, FixedParts]> = [
    ["the stage's name", { ...fixed, stage: "trains" }],
    ["the code", { ...fixed, code: digestOf("other code") }],
    ["a package's version", { ...fixed, packages: { effect: "4.1.1" } }],
    ["one more package", { ...fixed, packages: { effect: "4.1.0", ml: "1.0.0" } }],
    ["a param", { ...fixed, params: { epochs: 4, attack: { epsilon: 0.1, norms: ["linf", "l2"] } } }],
    ["a nested param", { ...fixed, params: { epochs: 3, attack: { epsilon: 0.2, norms: ["linf", "l2"] } } }],
    [
      "the order of a list",
      { ...fixed, params: { epochs: 3, attack: { epsilon: 0.1, norms: ["l2", "linf"] } } }
    ],
    [
      "a number that becomes a text",
      { ...fixed, params: { epochs: "3", attack: { epsilon: 0.1, norms: ["linf", "l2"] } } }
    ]
  ]
  it.each(variants)("%s is part of it", (_, parts) => {
    assert.notStrictEqual(fixedDigest(parts), fixedDigest(fixed))
  })

  const bindings: ReadonlyArray<readonly [string, BoundParts]> = [
    ["the fixed parts", { ...bound, fixed: asDigest("1".repeat(64)) }],
    ["an input's content", { ...bound, inputs: { ...bound.inputs, data: digestOf("other") } }],
    [
      "which input an artifact is connected to",
      { ...bound, inputs: { ...bound.inputs, data: digestOf("x"), byName: { x: digestOf("data") } } }
    ],
    [
      "the order of a list of inputs",
      { ...bound, inputs: { ...bound.inputs, sets: [digestOf("b"), digestOf("a")] } }
    ],
    [
      "the names in a record of inputs",
      { ...bound, inputs: { ...bound.inputs, byName: { y: digestOf("x") } } }
    ],
    ["a list of one instead of one", { ...bound, inputs: { ...bound.inputs, data: [digestOf("data")] } }],
    ["a declared variable", { ...bound, environment: { OMP_NUM_THREADS: "4", UNSET: null } }],
    ["whether a declared variable is set", { ...bound, environment: { OMP_NUM_THREADS: "2", UNSET: "" } }],
    ["a declared file", { ...bound, files: { "data/labels.csv": digestOf("others") } }],
    ["an engine that is to count", { ...bound, engine: onnx }]
  ]
  it.each(bindings)("%s is part of it", (_, parts) => {
    assert.notStrictEqual(cacheKey(parts), cacheKey(bound))
  })

  it.each([
    ["name", { ...onnx, name: "cpu" }],
    ["device", { ...onnx, device: "NVIDIA H200" }],
    ["version", { ...onnx, versions: { "onnxruntime-node": "1.31.0" } }]
  ])("the %s of an engine that is to count is part of it", (_, engine) => {
    assert.notStrictEqual(cacheKey({ ...bound, engine }), cacheKey({ ...bound, engine: onnx }))
  })

  it("the threads of an engine are not", () => {
    const engine: typeof onnx & { readonly threads: number } = { ...onnx, threads: 2 }
    assert.strictEqual(cacheKey({ ...bound, engine }), cacheKey({ ...bound, engine: onnx }))
  })

  it("the order in which params, inputs and packages were written is not", () => {
    const params = { attack: { norms: ["linf", "l2"], epsilon: 0.1 }, epochs: 3 }
    assert.strictEqual(
      fixedDigest({ params, packages: fixed.packages, code: fixed.code, stage: fixed.stage }),
      fixedDigest(fixed)
    )
    const inputs = Object.fromEntries(Object.entries(bound.inputs).reverse())
    assert.strictEqual(cacheKey({ ...bound, inputs }), cacheKey(bound))
  })
})
