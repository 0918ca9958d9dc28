import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { chunkSizes } from "../../../../src/tensor/onnx/expand/chunks.ts"

describe("chunks of a batch", () => {
  it("hold all images, as many as fit and at least one", () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.integer({ min: 1, max: 2 ** 20 }),
        fc.integer({ min: 1, max: 8 }),
        (images, elements, mebibytes) => {
          const sizes = chunkSizes(images, elements, mebibytes)
          assert.strictEqual(
            sizes.reduce((a, b) => a + b, 0),
            images
          )
          const most = Math.max(1, Math.floor((mebibytes * 2 ** 20) / 4 / elements))
          for (const size of sizes) assert.isAtMost(size, most)
        }
      )
    )
  })

  it("are one for a batch without images", () => {
    assert.deepStrictEqual(chunkSizes(0, 100, 1), [0])
  })
})
