import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Actions, type ActionsShape } from "../../src/artifact/actions.ts"
import { digestOf } from "../../src/artifact/digest.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { leftovers, recordOf, scratchLayout, storeAt } from "../rig/scratch-store.ts"

const inStore = <A, E>(use: (actions: ActionsShape, layout: StoreLayout) => Effect.Effect<A, E>) =>
  Effect.flatMap(scratchLayout, (layout) =>
    Effect.flatMap(Actions, (actions) => use(actions, layout)).pipe(Effect.provide(storeAt(layout)))
  )

const key = digestOf("key")
const record = recordOf("key", digestOf("output"))

describe("the action cache", () => {
  it.effect("finds what was published, to the last number", () =>
    inStore((actions, layout) =>
      Effect.gen(function* () {
        const odd = { ...record, metrics: { nan: Number.NaN, inf: -Infinity, tiny: 5e-324 } }
        assert.deepStrictEqual(yield* actions.publish(odd), odd)
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Found", record: odd })
        assert.deepStrictEqual(yield* actions.keys, [key])
        assert.deepStrictEqual(leftovers(layout), [])
      })
    )
  )

  it.effect("has nothing under a key that was never published, or was removed", () =>
    inStore((actions) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Absent" })
        assert.isUndefined(actions.stamp(key))
        assert.isFalse(yield* actions.remove(key))
        yield* actions.publish(record)
        assert.isDefined(actions.stamp(key))
        assert.isTrue(yield* actions.remove(key))
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Absent" })
        assert.deepStrictEqual(yield* actions.keys, [])
      })
    )
  )

  it.effect("keeps the first record under a key, and tells everybody which one it is", () =>
    inStore((actions) =>
      Effect.gen(function* () {
        yield* actions.publish(record)
        const later = { ...record, output: digestOf("another output") }
        assert.deepStrictEqual(yield* actions.publish(later), record)
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Found", record })
      })
    )
  )

  it.effect("of sixteen publishers at once one stands, and all are told the same", () =>
    inStore((_, layout) =>
      Effect.gen(function* () {
        for (let round = 0; round < 5; round++) {
          const told = yield* Effect.forEach(
            Array.from({ length: 16 }, (_, i) => recordOf(`key ${round}`, digestOf(`output ${i}`))),
            (each) =>
              Effect.flatMap(Actions, (actions) => actions.publish(each)).pipe(
                Effect.provide(storeAt(layout))
              ),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(new Set(told.map(({ output }) => output)).size, 1)
          const file = JSON.parse(readFileSync(layout.action(digestOf(`key ${round}`)), "utf8"))
          assert.strictEqual(file.output, told[0]?.output)
        }
        assert.deepStrictEqual(leftovers(layout), [])
      })
    )
  )

  const text = JSON.stringify(record)
  it.effect.each([
    ["is empty", ""],
    ["was torn", text.slice(0, 40)],
    ["is no JSON", "hello"],
    ["is of another format", text.replace('"format":1', '"format":2')],
    ["is of another key", text.replace(key, digestOf("another key"))],
    ["names no output", text.replace(record.output, "none")],
    ["is a list", "[]"]
  ] as const)("does not believe a record that %s, and lets the next one take its place", ([, bytes]) =>
    inStore((actions, layout) =>
      Effect.gen(function* () {
        const path = layout.action(key)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, bytes)
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Unreadable", path })
        assert.deepStrictEqual(yield* actions.publish(record), record)
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Found", record })
      })
    )
  )

  it.effect("does not read a record that is longer than memory should hold", () =>
    inStore((actions, layout) =>
      Effect.gen(function* () {
        const path = layout.action(key)
        yield* actions.publish(record)
        for (const size of [3e8, 3e9]) {
          truncateSync(path, size)
          assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Unreadable", path })
          assert.deepStrictEqual(yield* actions.publish(record), record)
          assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Found", record })
        }
      })
    )
  )

  it.effect("does not follow a link in a record's place, and replaces it", () =>
    inStore((actions, layout) =>
      Effect.gen(function* () {
        const path = layout.action(key)
        const elsewhere = join(dirname(layout.root), "record.json")
        yield* actions.publish(record)
        const bytes = readFileSync(path)
        for (const target of [elsewhere, join(layout.root, "nowhere")]) {
          writeFileSync(elsewhere, bytes)
          rmSync(path)
          symlinkSync(target, path)
          assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Absent" })
          assert.deepStrictEqual(yield* actions.publish(record), record)
          assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Found", record })
          assert.deepStrictEqual(readFileSync(elsewhere), bytes)
        }
      })
    )
  )

  it.effect("replaces a directory that has a record's name", () =>
    inStore((actions, layout) =>
      Effect.gen(function* () {
        mkdirSync(join(layout.action(key), "inside"), { recursive: true })
        assert.strictEqual((yield* actions.lookup(key))._tag, "Absent")
        assert.deepStrictEqual(yield* actions.publish(record), record)
        assert.deepStrictEqual(yield* actions.lookup(key), { _tag: "Found", record })
      })
    )
  )

  it.effect("lists keys only, whatever else lies among the records", () =>
    inStore((actions, layout) =>
      Effect.gen(function* () {
        yield* actions.publish(record)
        yield* actions.publish(recordOf("second", digestOf("o")))
        mkdirSync(join(layout.actions, "zz"))
        writeFileSync(join(layout.actions, "zz", "notes.txt"), "")
        writeFileSync(join(layout.actions, "README"), "")
        writeFileSync(`${layout.action(key)}.swp`, "")
        assert.sameMembers([...(yield* actions.keys)], [key, digestOf("second")])
        assert.include(readdirSync(layout.actions), "README")
      })
    )
  )
})
