/** Weights and networks that somebody gives us: safetensors, JSON, ONNX, and LayersModels of TensorFlow.js. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import {
  fromLayersModel,
  fromOnnx,
  makeNetwork,
  readSafetensors,
  toLayersModel
} from "../../src/tensor/network/index.ts"
import { importModel } from "../../stages/import-model.ts"
import { recorded } from "../stages/recorded.ts"
import { networks, weightsOf } from "../tensor/network/fixtures/layers-model-cases.ts"
import { fuzz, timeout } from "./fuzz.ts"
import { mutated, mutatedJson } from "./mutations.ts"

const imported = join(import.meta.dirname, "../stages/fixtures/imported")
const weights = readFileSync(join(imported, "small.safetensors"))
const network = readFileSync(join(imported, "network.json"), "utf8")

const directory = mkdtempSync(join(tmpdir(), "fuzz-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const [weightsFile, networkFile] = [join(directory, "w.safetensors"), join(directory, "network.json")]

/** A safetensors file around a header that says anything. */
const withHeader = (header: string, data: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)))
  return Buffer.concat([length, Buffer.from(header), data])
}

const split = (file: Buffer) => {
  const end = 8 + Number(file.readBigUInt64LE())
  return { header: file.toString("utf8", 8, end), data: file.subarray(end) }
}

const hostileWeights = fc.oneof(
  mutated([weights]),
  mutatedJson([split(weights).header]).map((header) => withHeader(header, split(weights).data))
)

/** As a run does it: from the files to the model. */
const stage = (files: { readonly weights: Uint8Array; readonly network: string }) =>
  Effect.suspend(() => {
    writeFileSync(weightsFile, files.weights)
    writeFileSync(networkFile, files.network)
    const params = {
      weights: weightsFile,
      network: { file: networkFile },
      layout: "pytorch",
      names: {}
    } as const
    return importModel
      .execute({}, importModel.meta.encodeParams(params))
      .pipe(Effect.provide(recorded().layer))
  })

describe("hostile models", () => {
  it(
    "safetensors: tensors are parts of the file",
    async () => {
      const { taken, refused } = await fuzz({
        inputs: hostileWeights,
        read: (bytes) =>
          Effect.map(readSafetensors(bytes), (tensors) => {
            let total = 0
            for (const { data } of tensors.values()) total += data.byteLength
            assert.isAtMost(total, bytes.length)
          }),
        // Each tensor's own copy, and the header's.
        bound: (bytes) => 4 * bytes.length + 65_536,
        examples: [weights],
        runs: 300
      })
      assert.isAbove(taken, 0)
      assert.isAbove(refused["MalformedSafetensors"] ?? 0, 0)
    },
    timeout
  )

  it(
    "weights and network that a user imports become a model, or are refused by file",
    async () => {
      const { taken, refused } = await fuzz({
        inputs: fc.oneof(
          hostileWeights.map((bytes) => ({ weights: bytes, network })),
          mutatedJson([network]).map((text) => ({ weights, network: text })),
          fc.record({ weights: hostileWeights, network: mutatedJson([network]) })
        ),
        read: stage,
        bound: () => 40 * weights.length + 1_000_000,
        examples: [{ weights, network }],
        runs: 100
      })
      assert.isAbove(taken, 0)
      assert.deepStrictEqual(
        Object.keys(refused).filter((tag) => !["BadModelFile", "BadNetwork", "BadWeights"].includes(tag)),
        []
      )
      assert.sameMembers(readdirSync(directory), ["w.safetensors", "network.json"])
    },
    timeout
  )

  it(
    "ONNX files become a network, or are refused by place",
    async () => {
      const fixtures = join(import.meta.dirname, "../tensor/network/fixtures/onnx")
      const models = readdirSync(fixtures)
        .filter((name) => name.endsWith(".onnx"))
        .map((name) => readFileSync(join(fixtures, name)))
      const { refused } = await fuzz({
        inputs: mutated(models),
        read: (bytes) => fromOnnx(bytes, "hostile"),
        bound: (bytes) => 100 * bytes.length + 16_000_000,
        runs: 100
      })
      assert.isAbove(refused["BadOnnx"] ?? 0, 0)
    },
    timeout
  )

  it(
    "LayersModels become a network, or are refused by place",
    async () => {
      const models = await Effect.runPromise(
        Effect.forEach(Object.entries(networks), ([name, layers]) =>
          Effect.gen(function* () {
            const network = yield* makeNetwork({ name, layers })
            const { model, shards } = yield* toLayersModel(network, weightsOf(network))
            return { text: JSON.stringify(model), shards }
          })
        )
      )
      const { refused } = await fuzz({
        inputs: fc.constantFrom(...models).chain(({ text, shards }) =>
          fc.record({
            text: mutatedJson([text]),
            shards: fc.record(
              Object.fromEntries(
                [...shards].map(([path, bytes]) => [path, fc.oneof(fc.constant(bytes), mutated([bytes]))])
              )
            )
          })
        ),
        read: ({ text, shards }) =>
          Effect.suspend(() => {
            // Who reads the file parses it, and knows what to say where that fails.
            const model = parsed(text)
            return model === undefined ? Effect.void : fromLayersModel(model, new Map(Object.entries(shards)))
          }),
        bound: ({ shards }) =>
          8_000_000 + 40 * Object.values(shards).reduce((sum, { length }) => sum + length, 0),
        runs: 100
      })
      assert.isAbove(refused["BadLayersModel"] ?? 0, 0)
    },
    timeout
  )
})

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
