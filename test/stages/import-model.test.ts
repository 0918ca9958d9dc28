/** Networks that PyTorch trained: what fits is imported, and what does not is refused by file and tensor. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Model } from "../../src/artifact/kinds/model.ts"
import type { TensorData } from "../../src/artifact/tensor-data.ts"
import {
  exportWeights,
  makeNetwork,
  readSafetensors,
  writeSafetensors
} from "../../src/tensor/network/index.ts"
import { importModel } from "../../stages/import-model.ts"
import { recorded } from "./recorded.ts"

const fixtures = join(import.meta.dirname, "fixtures/imported")
const weights = join(fixtures, "small.safetensors")
const network = { file: join(fixtures, "network.json") }

const directory = mkdtempSync(join(tmpdir(), "import-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
const file = (content: Uint8Array | string, name = "w.safetensors"): string => {
  const path = join(directory, `${files++}-${name}`)
  writeFileSync(path, content)
  return path
}

type Params = Parameters<typeof importModel>[1]

const imported = (params: Partial<Params>) =>
  importModel
    .execute({}, importModel.meta.encodeParams({ weights, network, layout: "pytorch", names: {}, ...params }))
    .pipe(Effect.provide(recorded().layer))

const importedOnnx = (path: string) =>
  importModel
    .execute({}, importModel.meta.encodeParams({ weights: path }))
    .pipe(Effect.provide(recorded().layer))

/** What a user reads, and is told to do. */
const refused = (params: Partial<Params>) =>
  Effect.map(Effect.flip(imported(params)), (error) => ({
    tag: error._tag,
    message: error.message,
    hint: "hint" in error ? String(error.hint) : ""
  }))

const given = readSafetensors(readFileSync(weights))

/** The fixture with something done to its tensors. */
const changed = (change: (tensors: Map<string, TensorData>) => void) =>
  Effect.map(given, (tensors) => {
    const copy = new Map([...tensors].map(([name, tensor]) => [name, structuredClone(tensor)]))
    change(copy)
    return file(writeSafetensors(copy))
  })

const safetensors = (header: string, data = new Uint8Array()): Buffer => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)))
  return Buffer.concat([length, Buffer.from(header), data])
}

describe("import-model", () => {
  it.effect("takes a PyTorch state dict by order and shape, and its own export back", () =>
    Effect.gen(function* () {
      const model = yield* imported({})
      assert.strictEqual(model.network.name, "small")
      assert.deepStrictEqual(
        [...model.weights.keys()],
        [
          ...[
            "conv1.weight",
            "conv1.bias",
            "conv2.weight",
            "conv2.bias",
            "bn1.weight",
            "bn1.bias",
            "fc1.weight"
          ],
          ...["fc1.bias", "bn1.running_mean", "bn1.running_var"]
        ]
      )
      const checked = yield* makeNetwork(model.network)
      const native = file(writeSafetensors(yield* exportWeights(checked, model.weights, "native")))
      const again = yield* imported({ weights: native, layout: "native" })
      assert.deepStrictEqual(again.weights, model.weights)
    })
  )

  it.effect("takes the same network as an ONNX model, which needs no other word", () =>
    Effect.gen(function* () {
      const onnx = yield* importedOnnx(join(fixtures, "small.onnx"))
      const model = yield* imported({})
      const types = ({ network: { layers } }: Model) => layers.map(({ type }) => type)
      assert.strictEqual(onnx.network.name, "onnx")
      // PyTorch folds the batch normalisation into the convolution before it.
      assert.deepStrictEqual(
        types(onnx),
        types(model).filter((type) => type !== "batchNorm")
      )
      assert.deepStrictEqual(onnx.weights.get("conv1.weight"), model.weights.get("conv1.weight"))
      assert.deepStrictEqual(onnx.weights.get("fc1.weight"), model.weights.get("fc1.weight"))
    })
  )

  it.effect("refuses an ONNX model by file and node", () =>
    Effect.gen(function* () {
      const bytes = readFileSync(join(fixtures, "small.onnx"))
      const path = file(Buffer.from(bytes.toString("latin1").replaceAll("Relu", "Selu"), "latin1"), "w.onnx")
      const error = yield* Effect.flip(importedOnnx(path))
      assert.strictEqual(error._tag, "BadModelFile")
      assert.match(error.message, /w\.onnx: ONNX model: node `.*` \(Selu\): operator Selu is no layer here/)
      assert.match("hint" in error ? String(error.hint) : "", /^known are .*, Relu, /)
    })
  )

  it("takes no network or layout beside an ONNX model", () => {
    const params = { weights: "w.onnx", network, layout: "pytorch", names: {} } as const
    assert.throws(
      () => importModel.meta.encodeParams(params),
      /an ONNX model says its network and layout itself/
    )
    assert.throws(() => importModel.meta.encodeParams({ weights: "w.safetensors" }), /ends in \.onnx/)
  })

  const broken: ReadonlyArray<
    readonly [what: string, change: (tensors: Map<string, TensorData>) => void, message: RegExp]
  > = [
    [
      "a missing tensor",
      (tensors) => void tensors.delete("classifier.bias"),
      /wants fc1\.weight \[10, 300\], fc1\.bias \[10\]; given are classifier\.weight \[10, 300\]$/
    ],
    [
      "an extra tensor",
      (tensors) => void tensors.set("extra.weight", { dtype: "F32", shape: [2], data: new Float32Array(2) }),
      /one tensor too many; given are extra\.weight \[2\]/
    ],
    [
      "a misshapen tensor",
      (tensors) =>
        void tensors.set("classifier.bias", { dtype: "F32", shape: [11], data: new Float32Array(11) }),
      /fc1\.bias \[10\].*classifier\.bias \[11\]/
    ],
    [
      "a weight that is not a number",
      (tensors) => tensors.get("features.0.weight")?.data.fill(Number.NaN, 7, 8),
      /element 7 of `features\.0\.weight` is NaN/
    ],
    [
      "an infinite weight",
      (tensors) => tensors.get("features.3.running_var")?.data.fill(Number.POSITIVE_INFINITY, 0, 1),
      /element 0 of `features\.3\.running_var` is Infinity/
    ],
    [
      "whole numbers",
      (tensors) =>
        void tensors.set("classifier.bias", { dtype: "I32", shape: [10], data: new Int32Array(10) }),
      /`classifier\.bias` is I32/
    ]
  ]
  it.effect.each(broken)("refuses %s, by file and name", ([, change, message]) =>
    Effect.gen(function* () {
      const path = yield* changed(change)
      const error = yield* refused({ weights: path })
      assert.strictEqual(error.tag, "BadModelFile")
      assert.isTrue(error.message.startsWith(`${path}: weights for network \`small\`: `), error.message)
      assert.match(error.message, message)
      assert.notStrictEqual(error.hint, "")
    })
  )

  const twoDense = {
    name: "two",
    layers: [
      { type: "input", shape: [1, 2, 1] },
      { type: "flatten" },
      { type: "dense", units: 2, useBias: false },
      { type: "dense", units: 2, useBias: false }
    ]
  }
  const square = (value: number): TensorData => ({
    dtype: "F32",
    shape: [2, 2],
    data: new Float32Array(4).fill(value)
  })
  const unnumbered = file(
    writeSafetensors(
      new Map([
        ["tail.weight", square(2)],
        ["head.weight", square(1)]
      ])
    )
  )

  it.effect("prints both sides where nothing tells two layers apart, and takes a table of names", () =>
    Effect.gen(function* () {
      const error = yield* refused({ network: twoDense, weights: unnumbered })
      assert.match(error.message, /`tail` and `head` have the same shapes/)
      assert.match(error.message, /the network wants fc1\.weight \[2, 2\], fc2\.weight \[2, 2\]/)
      assert.match(error.message, /given are tail\.weight \[2, 2\], head\.weight \[2, 2\]/)
      assert.match(error.hint, /^say which is which: names: /)

      const names = { fc1: "head", fc2: "tail" }
      const model = yield* imported({ network: twoDense, weights: unnumbered, names })
      assert.deepStrictEqual([...(model.weights.get("fc1.weight")?.data ?? [])], [1, 1, 1, 1])
      assert.deepStrictEqual([...(model.weights.get("fc2.weight")?.data ?? [])], [2, 2, 2, 2])
      const wrong = yield* refused({ network: twoDense, weights: unnumbered, names: { fc1: "haed" } })
      assert.match(wrong.message, /`names` says that `fc1\.weight` is `haed\.weight`, which is not given/)
    })
  )

  const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`
  const hostile: ReadonlyArray<readonly [what: string, bytes: Uint8Array, reason: RegExp]> = [
    ["nothing at all", Buffer.alloc(0), /shorter than eight bytes/],
    [
      "a header longer than the file",
      Buffer.from("ffffffffffffff7f00", "hex"),
      /claims a header of 9223372036854775807 bytes/
    ],
    ["no JSON", safetensors("no"), /valid JSON/],
    ["brackets without end", safetensors(deep), /nested too deeply/],
    [
      "offsets beyond the file",
      safetensors('{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'),
      /its tensors take 16 bytes, the file holds 0/
    ],
    [
      "a shape that its bytes do not have",
      safetensors('{"w":{"dtype":"F32","shape":[65536,65536],"data_offsets":[0,4]}}', new Uint8Array(4)),
      /tensor `w` of shape \[65536, 65536\] needs 17179869184 bytes/
    ],
    [
      "tensors that overlap",
      safetensors(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        new Uint8Array(4)
      ),
      /tensor `b` begins at byte 0, where 4 was expected/
    ],
    [
      "a type that is not known",
      safetensors('{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}', new Uint8Array(4)),
      /tensor `w` has type BF16/
    ],
    [
      "a file that was cut short",
      readFileSync(weights).subarray(0, 9000),
      /its tensors take \d+ bytes, the file holds/
    ]
  ]
  it.effect.each(hostile)("refuses %s", ([, bytes, reason]) =>
    Effect.gen(function* () {
      const path = file(bytes)
      const error = yield* refused({ weights: path })
      assert.strictEqual(error.tag, "BadModelFile")
      assert.isTrue(error.message.startsWith(`${path}: `), error.message)
      assert.match(error.message, reason)
      assert.notStrictEqual(error.hint, "")
    })
  )

  it.effect.each([
    ["no JSON", "{", /not a network: /],
    ["no layers", '{"name":"n"}', /layers/],
    [
      "brackets without end",
      `{"name":"n","layers":[${"[".repeat(1_000_000)}`,
      /nested too deeply|not a network/
    ],
    ["an unknown layer", '{"name":"n","layers":[{"type":"cnov2d"}]}', /there is no layer type `cnov2d`/],
    ["no logits", '{"name":"n","layers":[{"type":"input","shape":[2,2,1]}]}', /where \[classes\] belongs/]
  ] as const)("refuses a network's file with %s", ([, text, reason]) =>
    Effect.gen(function* () {
      const path = file(text, "network.json")
      const error = yield* refused({ network: { file: path } })
      assert.strictEqual(error.tag, "BadModelFile")
      assert.isTrue(error.message.startsWith(`${path}: `), error.message)
      assert.match(error.message, reason)
    })
  )

  it.effect("refuses weights of another network by name", () =>
    Effect.gen(function* () {
      const error = yield* refused({ network: "course-cnn" })
      assert.match(
        error.message,
        /of the network's, 20 tensors found no counterpart, of the given ones 10 tensors; /
      )
    })
  )
})
