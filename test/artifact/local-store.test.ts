import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Disk, type DiskShape } from "../../src/artifact/disk.ts"
import { type StoreLayout, storeFormat } from "../../src/artifact/layout.ts"
import { localStore } from "../../src/artifact/local-store.ts"
import { StoreFault, StoreVersionMismatch } from "../../src/artifact/store-error.ts"
import { countingDisk, makeFaultyDisk, realDisk } from "../rig/faulty-disk.ts"
import { leftovers, scratchLayout } from "../rig/scratch-store.ts"

const open = (layout: StoreLayout, create: boolean, disk: DiskShape = realDisk) =>
  Effect.scoped(
    Effect.asVoid(Layer.build(localStore(layout, { create }).pipe(Layer.provide(Layer.succeed(Disk, disk)))))
  )

describe("opening a store", () => {
  it.effect("makes one only when it is asked to", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* open(layout, false)
      assert.isFalse(existsSync(layout.root))
      yield* open(layout, true)
      assert.deepStrictEqual(JSON.parse(readFileSync(layout.format, "utf8")), { format: storeFormat })
      yield* open(layout, true)
      yield* open(layout, false)
      assert.deepStrictEqual(leftovers(layout), [])
    })
  )

  it.effect("that is new has its names on the device, its own directory's included", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const { disk, log } = countingDisk()
      yield* open(layout, true, disk)
      const flushed = log.flatMap(({ operation, path }) => (operation === "syncDirectory" ? [path] : []))
      assert.includeMembers(flushed, [dirname(layout.root), layout.root])
    })
  )

  it.effect("by eight processes at once gives all of them one store", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      for (let round = 0; round < 2; round++) {
        yield* Effect.all(
          Array.from({ length: 8 }, () => open(layout, true)),
          { concurrency: "unbounded" }
        )
      }
      assert.deepStrictEqual(leftovers(layout), [])
    })
  )

  it.effect.each([
    ['{"format":0}', "0"],
    ['{"format":999}', "999"],
    ["{}", "unknown"],
    ["", "unknown"],
    ["torn", "unknown"]
  ] as const)("whose format file is %j is refused, for reading and for writing", ([text, found]) =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      mkdirSync(layout.root)
      writeFileSync(layout.format, text)
      for (const create of [true, false]) {
        const error = yield* Effect.flip(open(layout, create))
        assert.instanceOf(error, StoreVersionMismatch)
        assert.include(error.message, `has format ${found}`)
      }
      assert.strictEqual(readFileSync(layout.format, "utf8"), text)
    })
  )

  it.effect("whose format file is no file is refused, and is not waited for", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      mkdirSync(layout.format, { recursive: true })
      assert.instanceOf(yield* Effect.flip(open(layout, true)), StoreVersionMismatch)
    })
  )

  it.effect("on a full disk takes the room that memories had, so that garbage can be collected", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* open(layout, true)
      const { disk } = makeFaultyDisk((_, { operation }) =>
        operation === "createWhole" && realDisk.list(layout.memos).length > 0
          ? { code: "ENOSPC", done: "half" }
          : undefined
      )
      mkdirSync(layout.memos)
      writeFileSync(`${layout.memos}/last-p.json`, "remembered")
      yield* open(layout, true, disk)
      assert.deepStrictEqual(realDisk.list(layout.memos), [])
      assert.deepStrictEqual(leftovers(layout), [])
    })
  )

  it.effect(
    "that cannot be written is an error when it is to be written, and none when it is to be read",
    () =>
      Effect.gen(function* () {
        const layout = yield* scratchLayout
        yield* open(layout, true)
        const { disk } = makeFaultyDisk((_, { operation }) =>
          operation === "createWhole" ? { code: "EACCES", done: "nothing" } : undefined
        )
        const error = yield* Effect.flip(open(layout, true, disk))
        assert.instanceOf(error, StoreFault)
        assert.include(error.message, "permission denied")
        yield* open(layout, false, disk)
      })
  )
})
