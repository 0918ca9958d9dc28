import { readdirSync, statSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import type { Blobs } from "../../src/artifact/blobs.ts"
import type { Digest } from "../../src/artifact/digest.ts"
import { CodecError, chunks, Dataset, type DatasetInfo, Kind } from "../../src/artifact/index.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { encodeHeader } from "../../src/artifact/safetensors.ts"
import { bytesOf } from "../../src/artifact/tensor-data.ts"
import { scratchLayout, storeAt } from "../rig/scratch-store.ts"

const infoOf = (shape: readonly [number, number, number] = [2, 1, 1], name = "test"): DatasetInfo => ({
  name,
  shape,
  classes: ["zero", "one", "two"],
  notes: { source: "made up" }
})

/** What a dataset is to its readers. */
interface Table {
  readonly images: ReadonlyArray<number>
  readonly labels: ReadonlyArray<number>
}

const width = 2
const table = (dataset: Dataset, from = 0, to = dataset.count) =>
  Effect.map(
    dataset.rows(from, to),
    ({ images, labels }): Table => ({ images: [...images], labels: [...labels] })
  )

const rowsOf = ({ images, labels }: Table, order: ReadonlyArray<number>): Table => ({
  images: order.flatMap((row) => images.slice(row * width, row * width + width)),
  labels: order.map((row) => labels[row] ?? -1)
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

const store = (dataset: Dataset) =>
  Effect.gen(function* () {
    const artifacts = yield* Artifacts
    return yield* artifacts.write(Dataset, dataset)
  })

const load = (digest: Digest) =>
  Effect.gen(function* () {
    const artifacts = yield* Artifacts
    return yield* Dataset.decode(yield* artifacts.reader(digest))
  })

const stored = (dataset: Dataset) => Effect.flatMap(store(dataset), load)

/** What a stage is told when its dataset cannot be written. */
const refused = (dataset: Dataset) =>
  Effect.map(Effect.flip(store(dataset)), (error) => {
    assert.instanceOf(error, CodecError)
    return error.message
  })

const bytesIn = ({ cas }: StoreLayout): number =>
  readdirSync(cas).reduce(
    (sum, prefix) =>
      sum +
      readdirSync(`${cas}/${prefix}`).reduce(
        (size, rest) => size + statSync(`${cas}/${prefix}/${rest}`).size,
        0
      ),
    0
  )

const inStore = <A, E>(
  use: (layout: StoreLayout) => Effect.Effect<A, E, Artifacts | Blobs>
): Effect.Effect<A, unknown> =>
  Effect.scoped(Effect.flatMap(scratchLayout, (layout) => Effect.provide(use(layout), storeAt(layout))))

const u8 = fc.array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(2)), { maxLength: 8 }).map((rows) =>
  Dataset.fromArrays({
    info: infoOf(),
    images: Uint8Array.from(rows.flatMap((row) => row.slice(0, width))),
    labels: Int32Array.from(rows, ([, , label]) => label)
  })
)
const unit = fc.float({ min: 0, max: 1, noNaN: true })
const f32 = fc.array(fc.tuple(unit, unit, fc.nat(2)), { maxLength: 8 }).map((rows) =>
  Dataset.fromArrays({
    info: infoOf(),
    images: Float32Array.from(rows.flatMap((row) => row.slice(0, width))),
    labels: Int32Array.from(rows, ([, , label]) => label)
  })
)

describe("a stored dataset", () => {
  it.effect("reads as what was written, in any range, and written again it is the same artifact", () =>
    inStore(() =>
      Effect.gen(function* () {
        const services = yield* Effect.context<Artifacts | Blobs>()
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.oneof(u8, f32), fc.nat(), fc.nat(), (dataset, a, b) =>
              Effect.gen(function* () {
                const digest = yield* store(dataset)
                const read = yield* load(digest)
                assert.strictEqual(read.count, dataset.count)
                assert.deepStrictEqual(read.info, dataset.info)
                assert.deepStrictEqual(read.layout, dataset.layout)
                assert.strictEqual(read.digest, digest)
                const whole = yield* table(dataset)
                assert.deepStrictEqual(yield* table(read), whole)
                const to = a % (dataset.count + 1)
                const from = b % (to + 1)
                assert.deepStrictEqual(yield* table(read, from, to), rowsOf(whole, range(from, to)))
                assert.deepStrictEqual(yield* table(dataset, from, to), rowsOf(whole, range(from, to)))
                assert.strictEqual(yield* store(read), digest)
              }).pipe(Effect.runPromiseWith(services))
            ),
            { numRuns: 40 }
          )
        )
      })
    )
  )

  it.effect("keeps bytes as bytes: a pixel is its value divided by 255", () =>
    inStore(() =>
      Effect.gen(function* () {
        const read = yield* stored(
          Dataset.fromArrays({
            info: infoOf(),
            images: Uint8Array.of(0, 51, 128, 255),
            labels: Int32Array.of(0, 1)
          })
        )
        assert.deepStrictEqual((yield* read.rawRows(0, 2)).images, Uint8Array.of(0, 51, 128, 255))
        assert.deepStrictEqual((yield* read.rows(0, 2)).images, Float32Array.of(0, 51 / 255, 128 / 255, 1))
      })
    )
  )

  it.effect("may have no rows", () =>
    inStore(() =>
      Effect.gen(function* () {
        const read = yield* stored(
          Dataset.fromArrays({ info: infoOf(), images: new Uint8Array(), labels: new Int32Array() })
        )
        assert.strictEqual(read.count, 0)
        assert.deepStrictEqual(yield* table(read), { images: [], labels: [] })
      })
    )
  )

  it.effect("is asked for its rows in ranges that follow each other and fit into memory", () =>
    inStore(() =>
      Effect.gen(function* () {
        const asked: Array<readonly [number, number]> = []
        const shape = [64, 64, 4] as const
        const count = 1000
        const generated = Dataset.generate({
          info: infoOf(shape),
          count,
          dtype: "U8",
          rows: (from, to) =>
            Effect.sync(() => {
              asked.push([from, to])
              const images = new Uint8Array((to - from) * 64 * 64 * 4)
              for (let row = from; row < to; row++)
                images.fill(row % 256, (row - from) * 16384, (row - from + 1) * 16384)
              return { images, labels: Int32Array.from(range(from, to), (row) => row % 3) }
            })
        })
        const read = yield* stored(generated)
        assert.deepStrictEqual(asked, chunks(count, 64 * 64 * 4))
        assert.isAbove(asked.length, 2)
        for (const [from, to] of asked) assert.isAtMost((to - from) * 16384, 1 << 22)
        const { images, labels } = yield* read.rawRows(998, 1000)
        assert.deepStrictEqual(new Set(images.subarray(0, 16384)), new Set([998 % 256]))
        assert.deepStrictEqual(labels, Int32Array.of(998 % 3, 999 % 3))
      })
    )
  )

  it.each([
    [0, 5, []],
    [1, 5, [[0, 1]]],
    [
      3,
      1 << 23,
      [
        [0, 1],
        [1, 2],
        [2, 3]
      ]
    ],
    [
      5,
      1 << 21,
      [
        [0, 2],
        [2, 4],
        [4, 5]
      ]
    ]
  ])("%i rows of %i bytes are taken in these chunks", (count, bytes, expected) => {
    assert.deepStrictEqual<unknown>(chunks(count, bytes), expected)
  })

  const images = (values: ReadonlyArray<number>, labels: ReadonlyArray<number>, info = infoOf()) =>
    Dataset.fromArrays({ info, images: Float32Array.from(values), labels: Int32Array.from(labels) })

  it.effect.each([
    ["a pixel above one", images([0, 1.001], [0]), /`test` has a pixel of 1\.00\d*; pixels are in \[0, 1\]/],
    ["a pixel below zero", images([-0.001, 0], [0]), /has a pixel of -0\.001/],
    ["a pixel that is NaN", images([0, Number.NaN], [0]), /has a pixel of NaN/],
    ["an infinite pixel", images([0, Number.POSITIVE_INFINITY], [0]), /has a pixel of Infinity/],
    ["a label beyond its classes", images([0, 0], [3]), /has label 3, but 3 classes/],
    ["a negative label", images([0, 0], [-1]), /has label -1, but 3 classes/],
    ["fewer images than labels", images([0, 0], [0, 0]), /2 labels and 1 images/],
    ["more images than labels", images([0, 0, 0, 0], [0]), /1 labels and 2 images/],
    ["a part of an image", images([0, 0, 0], [0]), /1 labels and 1\.5 images/],
    ["images of no height", images([], [], infoOf([0, 1, 1])), /shape/],
    ["images of fractional height", images([], [], infoOf([1.5, 1, 1])), /shape/],
    [
      "a note that JSON does not have",
      images([], [], { ...infoOf(), notes: { epsilon: Number.NaN } }),
      /notes/
    ]
  ] as const)("with %s is refused", ([, dataset, message]) =>
    inStore(() => Effect.map(refused(dataset), (found) => assert.match(found, message)))
  )

  const generated = (rows: Parameters<typeof Dataset.generate>[0]["rows"], dtype: "U8" | "F32" = "U8") =>
    Dataset.generate({ info: infoOf(), count: 2, dtype, rows })

  it.effect.each([
    [
      "too few rows",
      generated(() => Effect.succeed({ images: new Uint8Array(2), labels: new Int32Array(1) })),
      /came as 1 labels and 1 images/
    ],
    [
      "too many rows",
      generated(() => Effect.succeed({ images: new Uint8Array(6), labels: new Int32Array(3) })),
      /came as 3 labels and 3 images/
    ],
    [
      "floats for bytes",
      generated(() => Effect.succeed({ images: new Float32Array(4), labels: new Int32Array(2) })),
      /rows of `test` are not U8/
    ],
    [
      "bytes for floats",
      generated(() => Effect.succeed({ images: new Uint8Array(4), labels: new Int32Array(2) }), "F32"),
      /rows of `test` are not F32/
    ]
  ] as const)("that generates %s is refused", ([, dataset, message]) =>
    inStore(() => Effect.map(refused(dataset), (found) => assert.match(found, message)))
  )

  it.effect.each([
    [0, 4],
    [3, 4],
    [-1, 2],
    [2, 1],
    [0.5, 2],
    [Number.NaN, 2],
    [0, Number.POSITIVE_INFINITY]
  ] as const)("has no rows %d to %d of three, whether read, made or combined", ([from, to]) =>
    inStore(() =>
      Effect.gen(function* () {
        const made = Dataset.fromArrays({
          info: infoOf(),
          images: new Uint8Array(6),
          labels: new Int32Array(3)
        })
        const read = yield* stored(made)
        const combined = yield* Dataset.combine([read], { info: infoOf(), order: Int32Array.of(2, 1, 0) })
        for (const dataset of [made, read, combined, yield* stored(combined)]) {
          for (const rows of [dataset.rows(from, to), dataset.rawRows(from, to)]) {
            const error = yield* Effect.flip(rows)
            assert.match(error.message, /there are no rows .* among 3/)
          }
        }
      })
    )
  )
})

/** Describes a dataset made of others. Numbers choose among whatever there is. */
type Recipe =
  | { readonly _tag: "Stored"; readonly dataset: Dataset }
  | {
      readonly _tag: "Combined"
      readonly parts: ReadonlyArray<Recipe>
      readonly order: ReadonlyArray<number> | null
    }

const { recipe } = fc.letrec<{ recipe: Recipe }>((tie) => ({
  recipe: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(u8, f32).map((dataset): Recipe => ({ _tag: "Stored", dataset })),
    fc
      .record({
        parts: fc.array(tie("recipe"), { maxLength: 3 }),
        order: fc.option(fc.array(fc.nat(), { maxLength: 12 }))
      })
      .map(({ parts, order }): Recipe => ({ _tag: "Combined", parts, order }))
  )
}))

/** The dataset of a recipe, read from the store, and what it should hold. */
const cook = (recipe: Recipe): Effect.Effect<readonly [Dataset, Table], unknown, Artifacts> =>
  Effect.gen(function* () {
    if (recipe._tag === "Stored") return [yield* stored(recipe.dataset), yield* table(recipe.dataset)]
    const parts = yield* Effect.forEach(recipe.parts, cook)
    const all: Table = {
      images: parts.flatMap(([, { images }]) => images),
      labels: parts.flatMap(([, { labels }]) => labels)
    }
    const total = all.labels.length
    const order =
      recipe.order === null ? undefined : total === 0 ? [] : recipe.order.map((row) => row % total)
    const combined = yield* Dataset.combine(
      parts.map(([dataset]) => dataset),
      { info: infoOf(), ...(order === undefined ? {} : { order: Int32Array.from(order) }) }
    )
    const expected = order === undefined ? all : rowsOf(all, order)
    assert.deepStrictEqual(yield* table(combined), expected)
    return [yield* stored(combined), expected]
  })

describe("a combined dataset", () => {
  it.effect("reads as its rows put together by hand, however deep combinations of combinations go", () =>
    inStore(() =>
      Effect.gen(function* () {
        const services = yield* Effect.context<Artifacts | Blobs>()
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(recipe, fc.nat(), fc.nat(), (made, a, b) =>
              Effect.gen(function* () {
                const [read, expected] = yield* cook(made)
                assert.strictEqual(read.count, expected.labels.length)
                assert.deepStrictEqual(yield* table(read), expected)
                const to = a % (read.count + 1)
                const from = b % (to + 1)
                assert.deepStrictEqual(yield* table(read, from, to), rowsOf(expected, range(from, to)))
              }).pipe(Effect.runPromiseWith(services))
            ),
            { numRuns: 40 }
          )
        )
      })
    )
  )

  it.effect("copies no image", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const count = 2000
        const large = yield* stored(
          Dataset.fromArrays({
            info: infoOf([28, 28, 1]),
            images: new Uint8Array(count * 784).fill(7),
            labels: new Int32Array(count)
          })
        )
        const before = bytesIn(layout)
        yield* store(yield* Dataset.combine([large, large, large], { info: infoOf([28, 28, 1]) }))
        assert.isBelow(bytesIn(layout) - before, 1000)
        const shuffled = yield* Dataset.combine([large], {
          info: infoOf([28, 28, 1]),
          order: Int32Array.from(range(0, count).reverse())
        })
        yield* store(shuffled)
        // Four bytes for each row.
        assert.isBelow(bytesIn(layout) - before, 2000 + 4 * count)
      })
    )
  )

  it.effect("takes only inputs of the stage as parts", () =>
    Effect.gen(function* () {
      const made = Dataset.fromArrays({
        info: infoOf(),
        images: new Uint8Array(2),
        labels: new Int32Array(1)
      })
      const error = yield* Effect.flip(Dataset.combine([made], { info: infoOf() }))
      assert.instanceOf(error, CodecError)
      assert.match(error.message, /one of these was made in it/)
    })
  )

  it.effect("takes only parts whose images have its shape", () =>
    inStore(() =>
      Effect.gen(function* () {
        const read = yield* stored(
          Dataset.fromArrays({ info: infoOf(), images: new Uint8Array(2), labels: new Int32Array(1) })
        )
        const error = yield* Effect.flip(Dataset.combine([read], { info: infoOf([1, 2, 1]) }))
        assert.match(error.message, /`test` has images of shape \[2, 1, 1\], the combined set \[1, 2, 1\]/)
      })
    )
  )

  it.effect.each([-1, 2, 2 ** 31 - 1])("has no order that names row %d of two", (row) =>
    inStore(() =>
      Effect.gen(function* () {
        const read = yield* stored(
          Dataset.fromArrays({ info: infoOf(), images: new Uint8Array(4), labels: new Int32Array(2) })
        )
        const error = yield* Effect.flip(
          Dataset.combine([read], { info: infoOf(), order: Int32Array.of(0, row) })
        )
        assert.match(error.message, new RegExp(`order names row ${row} of 2`))
      })
    )
  )
})

/** Files under the name of a dataset that no dataset was ever written as. */
const forge = (files: { readonly [name: string]: Uint8Array }, parts: ReadonlyArray<Digest> = []) =>
  Effect.gen(function* () {
    const artifacts = yield* Artifacts
    const forger = Kind.make<"Dataset", null>({
      name: "Dataset",
      version: 1,
      encode: (_, writer) =>
        Effect.gen(function* () {
          for (const [name, bytes] of Object.entries(files)) yield* writer.stream(name, Stream.make(bytes))
          for (const part of parts) yield* writer.part(part)
        }),
      decode: () => Effect.succeed(null)
    })
    return yield* artifacts.write(forger, null)
  })

const json = (fields: object) =>
  Buffer.from(JSON.stringify({ ...infoOf(), count: 1, layout: "Stored", ...fields }))
const data = (images: "U8" | "I32" = "U8", labels: "I32" | "F32" = "I32", shape = [1, 2, 1, 1]) =>
  Buffer.concat([
    encodeHeader([
      { name: "images", dtype: images, shape },
      { name: "labels", dtype: labels, shape: [1] }
    ]),
    new Uint8Array((images === "U8" ? 1 : 4) * shape.reduce((x, y) => x * y, 1) + 4)
  ])

describe("files that are not the dataset they claim to be", () => {
  it.effect.each([
    [
      "dataset.json is no JSON",
      { "dataset.json": Buffer.from("{"), "data.safetensors": data() },
      /^Dataset: /
    ],
    [
      "dataset.json lacks its shape",
      { "dataset.json": Buffer.from('{"name":"x"}'), "data.safetensors": data() },
      /shape/
    ],
    [
      "dataset.json says more rows",
      { "dataset.json": json({ count: 2 }), "data.safetensors": data() },
      /tensor `images` has shape \[1, 2, 1, 1\], not \[2, 2, 1, 1\]/
    ],
    [
      "dataset.json says a negative number of rows",
      { "dataset.json": json({ count: -1 }), "data.safetensors": data() },
      /not \[-1, 2, 1, 1\]/
    ],
    [
      "dataset.json says another shape",
      { "dataset.json": json({ shape: [1, 2, 1] }), "data.safetensors": data() },
      /has shape \[1, 2, 1, 1\], not \[1, 1, 2, 1\]/
    ],
    [
      "images are integers",
      { "dataset.json": json({}), "data.safetensors": data("I32") },
      /images of type I32/
    ],
    [
      "labels are floats",
      { "dataset.json": json({}), "data.safetensors": data("U8", "F32") },
      /labels of type F32/
    ],
    [
      "data.safetensors is none",
      { "dataset.json": json({}), "data.safetensors": Buffer.from("not safetensors") },
      /^Dataset: not a valid safetensors file/
    ],
    [
      "data.safetensors has no labels",
      {
        "dataset.json": json({}),
        "data.safetensors": Buffer.concat([
          encodeHeader([{ name: "images", dtype: "U8", shape: [1, 2, 1, 1] }]),
          new Uint8Array(2)
        ])
      },
      /has no tensor `labels`/
    ],
    [
      "the order is no tensor of integers",
      {
        "dataset.json": json({ layout: "Combined", count: 0 }),
        "order.safetensors": Buffer.concat([encodeHeader([{ name: "order", dtype: "F32", shape: [0] }])])
      },
      /holds no I32 tensor `order`/
    ],
    [
      "dataset.json says more rows than its parts have",
      { "dataset.json": json({ layout: "Combined", count: 3 }) },
      /says 3 rows, its data has 0/
    ]
  ] as const)("are refused when %s", ([, files, message]) =>
    inStore(() =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(load(yield* forge(files)))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, message)
      })
    )
  )

  it.effect("are refused when a part is no dataset", () =>
    inStore(() =>
      Effect.gen(function* () {
        const artifacts = yield* Artifacts
        const other = Kind.make<"Other", null>({
          name: "Other",
          version: 1,
          encode: (_, writer) =>
            Effect.andThen(writer.bytes("dataset.json", json({})), writer.bytes("data.safetensors", data())),
          decode: () => Effect.succeed(null)
        })
        const part = yield* artifacts.write(other, null)
        const error = yield* Effect.flip(
          load(yield* forge({ "dataset.json": json({ layout: "Combined" }) }, [part]))
        )
        assert.match(error.message, /part 0 is a Other of version 1/)
      })
    )
  )

  it.effect("are refused when a part has images of another shape", () =>
    inStore(() =>
      Effect.gen(function* () {
        const part = yield* store(
          Dataset.fromArrays({
            info: infoOf([3, 1, 1]),
            images: new Uint8Array(3),
            labels: new Int32Array(1)
          })
        )
        const error = yield* Effect.flip(
          load(yield* forge({ "dataset.json": json({ layout: "Combined" }) }, [part]))
        )
        assert.match(error.message, /part 0 has images of shape \[3, 1, 1\]/)
      })
    )
  )

  it.effect("give no row that an order beyond the parts names", () =>
    inStore(() =>
      Effect.gen(function* () {
        const part = yield* store(
          Dataset.fromArrays({ info: infoOf(), images: new Uint8Array(2), labels: new Int32Array(1) })
        )
        const order = Buffer.concat([
          encodeHeader([{ name: "order", dtype: "I32", shape: [2] }]),
          bytesOf(Int32Array.of(5, -1))
        ])
        const read = yield* load(
          yield* forge(
            { "dataset.json": json({ layout: "Combined", count: 2 }), "order.safetensors": order },
            [part]
          )
        )
        for (const [from, to] of [
          [0, 1],
          [1, 2]
        ] as const) {
          assert.instanceOf(yield* Effect.flip(read.rows(from, to)), CodecError)
        }
      })
    )
  )
})
