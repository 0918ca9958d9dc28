import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { loadModule } from "../../src/worker/loaded.ts"
import { scratchDirectory } from "../rig/scratch-store.ts"

const text = "export const answer = 42\n"
const load = (path: string) => loadModule({ path, imports: {} }, "the stage's bundle")

describe("a bundle", () => {
  it.effect("is loaded where its bytes have the digest of its name", () =>
    Effect.gen(function* () {
      const path = join(yield* scratchDirectory, `${digestOf(text)}.mjs`)
      writeFileSync(path, text)
      assert.strictEqual((yield* load(path))["answer"], 42)
    })
  )

  it.effect("that cannot be read is the disk's fault, not the code's", () =>
    Effect.gen(function* () {
      const path = join(yield* scratchDirectory, `${digestOf(text)}.mjs`)
      mkdirSync(path)
      const error = yield* Effect.flip(load(path))
      assert.strictEqual(error._tag, "StoreFault")
      assert.include(error.message, `cannot read ${path}`)
    })
  )

  it.effect("that was changed runs nothing", () =>
    Effect.gen(function* () {
      const path = join(yield* scratchDirectory, `${digestOf(text)}.mjs`)
      writeFileSync(path, "throw new Error('it ran')")
      const error = yield* Effect.flip(load(path))
      assert.strictEqual(error.message, `the stage's bundle: ${path} was changed`)
    })
  )
})
