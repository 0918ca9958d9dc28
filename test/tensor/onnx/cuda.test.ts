import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { cudaState } from "../../../src/tensor/onnx/cuda.ts"

const directory = mkdtempSync(join(tmpdir(), "cuda-"))
const library = join(directory, "libonnxruntime_providers_cuda.so")
afterAll(() => rmSync(directory, { recursive: true }))

const reasonOf = (hasGpu: boolean): string => {
  const found = cudaState(directory, hasGpu)
  return found.state === "works" ? "works" : found.reason
}

describe("CUDA for ONNX Runtime", () => {
  it("needs a GPU", () => {
    writeFileSync(library, "code")
    assert.include(reasonOf(false), "no NVIDIA GPU")
  })

  it.runIf(process.platform === "linux" && process.arch === "x64")(
    "needs the library, and not an empty one",
    () => {
      writeFileSync(library, "code")
      assert.strictEqual(reasonOf(true), "works")
      writeFileSync(library, "")
      assert.include(reasonOf(true), "not installed")
      rmSync(library)
      assert.include(reasonOf(true), "not installed")
    }
  )
})
