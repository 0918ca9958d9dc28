import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Schema } from "effect"
import fc from "fast-check"
import { type CheckpointData, Checkpoints, keptPerKey } from "../../src/artifact/checkpoints.ts"
import { collect, type Roots } from "../../src/artifact/collect.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import type { TensorData } from "../../src/artifact/tensor-data.ts"
import { verify } from "../../src/artifact/verify.ts"
import { countingDisk, failingOnce, faultsOf, realDisk } from "../rig/faulty-disk.ts"
import { leftovers, scratchLayout, storeAt } from "../rig/scratch-store.ts"

const family = digestOf("family")
const key = digestOf("key")

const at = (position: number, value = position): CheckpointData => ({
  position,
  progress: { step: position },
  tensors: new Map([["w", { dtype: "F32", shape: [2], data: Float32Array.of(value, 1 / 3) }]])
})

const inStore = <A, E, R>(use: (layout: StoreLayout) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(scratchLayout, (layout) => use(layout).pipe(Effect.provide(storeAt(layout))))

const positions = Effect.gen(function* () {
  const store = yield* Checkpoints
  return (yield* store.list(family)).map(({ position }) => position)
})

/** What each of a family's files comes to, the furthest first. */
const readings = Effect.gen(function* () {
  const store = yield* Checkpoints
  return yield* Effect.forEach(yield* store.list(family), (file) =>
    store.read(family, file).pipe(
      Effect.map(({ progress }) => JSON.stringify(progress)),
      Effect.catchTag("DamagedCheckpoint", ({ reason }) => Effect.succeed(reason))
    )
  )
})

const write = (checkpoint: CheckpointData, of: Digest = key) =>
  Effect.flatMap(Checkpoints, (store) => store.write(family, of, checkpoint))

const tensors: fc.Arbitrary<TensorData> = fc.oneof(
  fc.float32Array({ maxLength: 5 }).map((data) => ({ dtype: "F32", shape: [data.length], data }) as const),
  fc.int32Array({ maxLength: 5 }).map((data) => ({ dtype: "I32", shape: [1, data.length], data }) as const),
  fc.uint8Array({ maxLength: 5 }).map((data) => ({ dtype: "U8", shape: [data.length, 1], data }) as const)
)

describe("checkpoints", () => {
  it.effect("come back as they were written, with any tensors and any progress", () =>
    inStore(() =>
      Effect.gen(function* () {
        const store = yield* Checkpoints
        const context = yield* Effect.context<Checkpoints>()
        const property = fc.asyncProperty(
          fc.nat(),
          fc.jsonValue(),
          fc.array(
            fc.tuple(
              fc.string().filter((name) => name !== "__metadata__" && name !== "__proto__"),
              tensors
            )
          ),
          async (position, json, named) => {
            const progress: Schema.Json = JSON.parse(JSON.stringify(json))
            const given = { position, progress, tensors: new Map(named) }
            const read = Effect.gen(function* () {
              yield* store.clear(family)
              yield* store.write(family, key, given)
              const [file] = yield* store.list(family)
              assert.isDefined(file)
              return yield* store.read(family, file)
            })
            const found = await Effect.runPromiseWith(context)(read)
            assert.strictEqual(found.position, position)
            assert.deepStrictEqual(found.progress, progress)
            assert.deepStrictEqual([...found.tensors].sort(), [...given.tensors].sort())
          }
        )
        yield* Effect.promise(() => fc.assert(property, { numRuns: 50 }))
      })
    )
  )

  it.effect("are kept by the furthest of each key", () =>
    inStore(() =>
      Effect.gen(function* () {
        for (const position of [5, 10, 15]) yield* write(at(position))
        yield* write(at(7), digestOf("another"))
        assert.strictEqual(keptPerKey, 2)
        assert.deepStrictEqual(yield* positions, [15, 10, 7])
      })
    )
  )

  it.effect("of a process that was overtaken do no harm", () =>
    inStore(() =>
      Effect.gen(function* () {
        for (const position of [90, 100]) yield* write(at(position))
        yield* write(at(10))
        assert.deepStrictEqual(yield* positions, [100, 90])
        yield* write(at(100))
        assert.deepStrictEqual(yield* positions, [100, 90])
      })
    )
  )

  it.effect("are told as damaged when their bytes are not those of their name", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        yield* write(at(1))
        yield* write(at(2))
        const directory = layout.checkpoints(family)
        const [second] = readdirSync(directory).filter((name) => name.includes(".2."))
        const path = `${directory}/${second}`
        const bytes = readFileSync(path)
        const wrong = "its bytes do not have the digest of its name"
        for (let byte = 0; byte < bytes.length; byte += 7) {
          const changed = Buffer.from(bytes)
          changed[byte] = (changed[byte] ?? 0) ^ 1
          writeFileSync(path, changed)
          assert.deepStrictEqual(yield* readings, [wrong, '{"step":1}'])
        }
        writeFileSync(path, bytes)
        for (const size of [bytes.length - 1, 8, 0]) {
          truncateSync(path, size)
          assert.deepStrictEqual(yield* readings, [wrong, '{"step":1}'])
        }
      })
    )
  )

  it.effect("of another family, under another position, or no checkpoints at all are not believed", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const store = yield* Checkpoints
        const directory = layout.checkpoints(family)
        yield* write(at(1))
        yield* store.write(digestOf("stranger"), key, at(9))
        const [strange = ""] = readdirSync(layout.checkpoints(digestOf("stranger")))
        renameSync(`${layout.checkpoints(digestOf("stranger"))}/${strange}`, `${directory}/${strange}`)
        const [mine = ""] = readdirSync(directory).filter((name) => name !== strange)
        writeFileSync(`${directory}/${mine.replace(".1.", ".8.")}`, readFileSync(`${directory}/${mine}`))
        for (const [position, bytes] of [
          [7, Buffer.alloc(0)],
          [6, Buffer.from("ffffffffffffffff{}", "utf8")],
          [5, Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{}")])]
        ] as const)
          writeFileSync(`${directory}/${key}.${position}.${digestOf(bytes)}.safetensors`, bytes)
        writeFileSync(`${directory}/notes.txt`, "mine")
        const found = yield* readings
        assert.deepStrictEqual(found.slice(0, 2), Array(2).fill("it was written under another name"))
        assert.match(found[2] ?? "", /shorter than eight bytes/)
        assert.match(found[3] ?? "", /claims a header/)
        assert.deepStrictEqual(found.slice(4), ["it says nothing of any progress", '{"step":1}'])
      })
    )
  )

  it.effect("appear whole or not at all, whatever operation of the disk fails", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const counting = countingDisk()
        const writing = (position: number) =>
          Effect.flatMap(Checkpoints, (s) => s.write(family, key, at(position)))
        yield* writing(1).pipe(Effect.provide(storeAt(layout)))
        yield* writing(2).pipe(Effect.provide(storeAt(layout, counting.disk)))
        let tried = 0
        for (const [number, performed] of counting.log.entries()) {
          for (const fault of faultsOf(performed)) {
            const { disk } = failingOnce(number, fault)
            yield* Effect.exit(writing(3 + tried++).pipe(Effect.provide(storeAt(layout, disk))))
            const found = yield* readings
            assert.isNotEmpty(found)
            for (const reading of found) assert.match(reading, /^\{"step":\d+\}$/)
            assert.isTrue(leftovers(layout).every((name) => statSync(`${layout.scratch}/${name}`).isFile()))
          }
        }
        assert.isAbove(tried, 10)
      })
    )
  )

  it.effect("are verified with the rest of the store, and what is damaged is removed on request", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        yield* write(at(1))
        yield* write(at(2))
        assert.deepStrictEqual((yield* verify(false, () => {})).damage, [])
        const [name] = readdirSync(layout.checkpoints(family)).filter((file) => file.includes(".2."))
        const path = `${layout.checkpoints(family)}/${name}`
        truncateSync(path, 20)
        const problem = "its bytes do not have the digest of its name"
        assert.deepStrictEqual((yield* verify(false, () => {})).damage, [{ path, problem }])
        assert.isTrue(existsSync(path))
        yield* verify(true, () => {})
        assert.deepStrictEqual(yield* positions, [1])
        assert.deepStrictEqual((yield* verify(false, () => {})).damage, [])
      })
    )
  )

  it.effect("are collected unless a kept run was concerned with their key, or they are young", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const [kept, dropped] = [digestOf("kept"), digestOf("dropped")]
        yield* write(at(1), kept)
        yield* write(at(2), dropped)
        const roots = (youngerThan: number): Roots => ({
          keys: new Set([kept]),
          artifacts: new Set(),
          stages: new Set(),
          youngerThan
        })
        assert.strictEqual((yield* collect(roots(0), false)).checkpoints, 0)
        const always = Number.MAX_SAFE_INTEGER
        const told = yield* collect(roots(always), true)
        assert.deepStrictEqual(yield* positions, [2, 1])
        const done = yield* collect(roots(always), false)
        assert.deepStrictEqual(done, told)
        assert.strictEqual(done.checkpoints, 1)
        assert.isAbove(done.freed, 0)
        assert.deepStrictEqual(yield* positions, [1])
        yield* collect({ ...roots(always), keys: new Set() }, false)
        assert.isFalse(realDisk.exists(layout.checkpoints(family)))
      })
    )
  )
})
