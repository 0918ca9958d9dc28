import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Actions } from "../../src/artifact/actions.ts"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import type { DiskShape } from "../../src/artifact/disk.ts"
import { Dataset, Figure } from "../../src/artifact/index.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { type Damage, verify } from "../../src/artifact/verify.ts"
import { makeFaultyDisk, realDisk } from "../rig/faulty-disk.ts"
import { recordOf, scratchLayout, storeAt } from "../rig/scratch-store.ts"

const info = { name: "d", shape: [1, 1, 1], classes: ["a"], notes: {} } as const
const svg = "<svg>the figure</svg>"

interface Made {
  readonly layout: StoreLayout
  readonly part: Digest
  readonly combined: Digest
  readonly figure: Digest
}

/** Writes three artifacts, one a part of another, and publishes two. */
const fill = Effect.gen(function* () {
  const artifacts = yield* Artifacts
  const actions = yield* Actions
  const images = Uint8Array.of(1, 2, 3)
  const part = yield* artifacts.write(
    Dataset,
    Dataset.fromArrays({ info, images, labels: new Int32Array(3) })
  )
  const read = yield* Effect.flatMap(artifacts.reader(part), Dataset.decode)
  const combined = yield* artifacts.write(Dataset, yield* Dataset.combine([read], { info }))
  const figure = yield* artifacts.write(Figure, { title: "t", description: "d", svg })
  yield* actions.publish(recordOf("combined", combined))
  yield* actions.publish(recordOf("figure", figure))
  return { part, combined, figure }
})

const inStore = <A, E, R>(use: (made: Made) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(scratchLayout, (layout) =>
    Effect.flatMap(Effect.provide(fill, storeAt(layout)), (made) => use({ ...made, layout }))
  )

/** Verifies as a new process would. */
const verified = (layout: StoreLayout, repair = false, disk: DiskShape = realDisk) =>
  verify(repair, () => {}).pipe(Effect.provide(storeAt(layout, disk)))

const writable = (path: string) => {
  chmodSync(path, 0o644)
  return path
}

/** All damage, as file names and problems. */
const problems = (damage: ReadonlyArray<Damage>) =>
  new Map(damage.map(({ path, problem }) => [path, problem]))

const ways: ReadonlyArray<
  readonly [how: string, apply: (path: string, other: string) => void, problem: RegExp]
> = [
  [
    "has one bit flipped",
    (path) => writeFileSync(writable(path), svg.replace("f", "g")),
    /its bytes hash to/
  ],
  ["was cut short", (path) => truncateSync(writable(path), 3), /its bytes hash to/],
  ["was emptied", (path) => truncateSync(writable(path), 0), new RegExp(`hash to ${digestOf("")}`)],
  ["has grown", (path) => writeFileSync(writable(path), `${svg} `), /its bytes hash to/],
  [
    "has the bytes of another blob",
    (path, other) => copyFileSync(other, writable(path)),
    /its bytes hash to/
  ],
  [
    "is a directory",
    (path) => {
      rmSync(path)
      mkdirSync(path)
      writeFileSync(join(path, "file"), svg)
    },
    /it is no regular file/
  ],
  [
    "is a link to its own bytes elsewhere",
    (path) => {
      writeFileSync(`${path}-elsewhere`, svg)
      rmSync(path)
      symlinkSync(`${path}-elsewhere`, path)
    },
    /it is no regular file/
  ]
]

describe("verifying a store", () => {
  it.effect("finds nothing wrong with one that is whole, and counts all of it", () =>
    inStore(({ layout }) =>
      Effect.gen(function* () {
        const progress: Array<readonly [number, number]> = []
        const found = yield* verify(false, (done, total) => progress.push([done, total])).pipe(
          Effect.provide(storeAt(layout))
        )
        assert.deepStrictEqual(found.damage, [])
        assert.strictEqual(found.actions, 2)
        // Manifests and their files: dataset 3, combined 2, figure 3.
        assert.strictEqual(found.blobs, 8)
        assert.deepStrictEqual(
          progress,
          Array.from({ length: 8 }, (_, i) => [i + 1, 8] as const)
        )
        const sizes = realDisk
          .list(layout.cas)
          .flatMap((prefix) =>
            realDisk.list(`${layout.cas}/${prefix}`).map((rest) => `${layout.cas}/${prefix}/${rest}`)
          )
          .map((path) => statSync(path).size)
        assert.strictEqual(
          found.bytes,
          sizes.reduce((a, b) => a + b)
        )
      })
    )
  )

  it.effect("finds nothing wrong with a store that is empty", () =>
    Effect.flatMap(scratchLayout, (layout) =>
      Effect.map(verified(layout), (found) =>
        assert.deepStrictEqual(found, { blobs: 0, actions: 0, bytes: 0, damage: [] })
      )
    )
  )

  it.effect.each(ways)(
    "finds a blob that %s, and the record that vouches for it; repaired, it heals",
    ([, apply, problem]) =>
      inStore(({ layout, combined, figure }) =>
        Effect.gen(function* () {
          const path = layout.blob(digestOf(svg))
          apply(path, layout.blob(combined))
          const found = yield* verified(layout)
          const told = problems(found.damage)
          assert.match(told.get(path) ?? "", problem)
          assert.include(told.get(layout.action(digestOf("figure"))) ?? "", "its artifact is not whole")
          assert.isFalse(told.has(layout.action(digestOf("combined"))))

          assert.isTrue(realDisk.exists(path), "nothing is removed unless asked")
          yield* verified(layout, true)
          assert.isFalse(realDisk.exists(path))
          assert.deepStrictEqual((yield* verified(layout)).damage, [])
          const again = yield* Effect.provide(fill, storeAt(layout))
          assert.strictEqual(again.figure, figure)
          const healed = yield* verified(layout)
          assert.deepStrictEqual([healed.damage, healed.blobs, healed.actions], [[], 8, 2])
        })
      )
  )

  it.effect("finds a record whose artifact's part is gone", () =>
    inStore(({ layout, part }) =>
      Effect.gen(function* () {
        rmSync(layout.blob(part))
        const told = problems((yield* verified(layout)).damage)
        assert.deepStrictEqual([...told.keys()], [layout.action(digestOf("combined"))])
        assert.include(told.get(layout.action(digestOf("combined"))) ?? "", `${part} is not in the store`)
        yield* verified(layout, true)
        yield* Effect.provide(fill, storeAt(layout))
        const healed = yield* verified(layout)
        assert.deepStrictEqual([healed.damage, healed.actions], [[], 2])
      })
    )
  )

  it.effect("finds a blob that cannot be read, goes on with the others, and throws nothing away for it", () =>
    inStore(({ layout }) =>
      Effect.gen(function* () {
        const unreadable = layout.blob(digestOf(svg))
        const { disk } = makeFaultyDisk((_, { operation, path }) =>
          operation === "openRead" && path === unreadable ? { code: "EACCES", done: "nothing" } : undefined
        )
        const found = yield* verified(layout, false, disk)
        const told = problems(found.damage)
        assert.include(told.get(unreadable) ?? "", "it cannot be read (EACCES)")
        assert.strictEqual(found.blobs, 8)
        assert.strictEqual(told.size, 2)
        // A disk that refuses says nothing about the bytes.
        yield* verified(layout, true, disk)
        assert.deepStrictEqual((yield* verified(layout)).damage, [])
      })
    )
  )

  it.effect.each([
    ["torn", (path: string) => truncateSync(path, 40)],
    ["empty", (path: string) => truncateSync(path, 0)],
    [
      "a directory",
      (path: string) => {
        rmSync(path)
        mkdirSync(path)
      }
    ]
  ] as const)("finds a record that is %s; repaired, it is published again", ([, apply]) =>
    inStore(({ layout }) =>
      Effect.gen(function* () {
        const path = layout.action(digestOf("figure"))
        apply(path)
        const { damage } = yield* verified(layout, true)
        assert.deepStrictEqual(damage, [
          { path, problem: "it is no action record of this key", repaired: "removed" }
        ])
        yield* Effect.provide(fill, storeAt(layout))
        const healed = yield* verified(layout)
        assert.deepStrictEqual([healed.damage, healed.actions], [[], 2])
      })
    )
  )

  it.effect("finds a record that was copied to another key", () =>
    inStore(({ layout }) =>
      Effect.gen(function* () {
        const path = layout.action(digestOf("combined"))
        copyFileSync(layout.action(digestOf("figure")), path)
        assert.deepStrictEqual((yield* verified(layout)).damage, [
          { path, problem: "it is no action record of this key" }
        ])
      })
    )
  )

  it.effect("finds a file among the blobs whose name is no digest", () =>
    inStore(({ layout, figure }) =>
      Effect.gen(function* () {
        const path = `${layout.blob(figure)}.swp`
        writeFileSync(path, "")
        assert.deepStrictEqual((yield* verified(layout)).damage, [{ path, problem: "its name is no digest" }])
        yield* verified(layout, true)
        assert.isFalse(realDisk.exists(path))
      })
    )
  )
})
