import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { TensorData } from "../../../../src/artifact/tensor-data.ts"
import { readSafetensors, writeSafetensors } from "../../../../src/tensor/network/weights/safetensors-file.ts"

const float: TensorData = { dtype: "F32", shape: [2], data: Float32Array.of(1.5, -2) }
const double: TensorData = { dtype: "F64", shape: [1, 1], data: Float64Array.of(0.1) }

/** A file with any header, as somebody else may have written it. */
const file = (header: object, data: Uint8Array): Uint8Array => {
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, data])
}

describe("a safetensors file", () => {
  it.effect("holds what was written, wherever its bytes begin", () =>
    Effect.gen(function* () {
      const tensors = new Map([
        ["a", float],
        ["b", double]
      ])
      const bytes = writeSafetensors(tensors)
      assert.deepStrictEqual(yield* readSafetensors(bytes), tensors)
      const shifted = new Uint8Array(bytes.length + 3)
      shifted.set(bytes, 3)
      assert.deepStrictEqual(yield* readSafetensors(shifted.subarray(3)), tensors)
    })
  )

  it.effect("may count batches, as PyTorch's batch normalisation does", () =>
    Effect.gen(function* () {
      const header = {
        __metadata__: { format: "pt" },
        "bn.num_batches_tracked": { dtype: "I64", shape: [], data_offsets: [0, 8] },
        "bn.weight": { dtype: "F32", shape: [1], data_offsets: [8, 12] }
      }
      const data = Buffer.concat([Buffer.alloc(8, 7), Buffer.from(Float32Array.of(3).buffer)])
      assert.deepStrictEqual(
        yield* readSafetensors(file(header, data)),
        new Map([["bn.weight", { dtype: "F32", shape: [1], data: Float32Array.of(3) } as const]])
      )
    })
  )

  it.effect.each([
    ["half precision", { a: { dtype: "F16", shape: [2], data_offsets: [0, 4] } }, "tensor `a` has type F16"],
    [
      "other 64-bit integers",
      { a: { dtype: "I64", shape: [], data_offsets: [0, 4] } },
      "tensor `a` has type I64"
    ],
    ["a hole", { a: { dtype: "F32", shape: [], data_offsets: [4, 8] } }, "begins at byte 4"],
    ["no header", [], "not a valid safetensors file"]
  ] as const)("with %s is refused", ([, header, says]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readSafetensors(file(header, new Uint8Array(4))))
      assert.include(error.message, says)
    })
  )
})
