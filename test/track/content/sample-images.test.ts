import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { decode } from "fast-png"
import { Dataset } from "../../../src/artifact/kinds/dataset.ts"
import { sampleImages } from "../../../src/track/content/sample-images.ts"
import { attackNotes, dataset, info, saying } from "./store.ts"
import { uploadBytes, uploadTo } from "./upload-bytes.ts"

const name = { of: "digest", at: 5 }

/** The keys in the image grid. */
const keysOf = (uploads: ReadonlyArray<{ readonly path: string }>) =>
  uploads.flatMap(
    ({ path }) => /^images\/([^+]*)\+step\+0\+timestamp\+5\+[-0-9a-f]{36}\.png$/.exec(path)?.[1] ?? []
  )

describe("sample images", () => {
  it.effect("of a set on its own show each class, each image with a smaller twin, and an overview", () =>
    Effect.gen(function* () {
      const { uploads, tags } = yield* sampleImages(dataset(7), {
        name,
        isArranged: false,
        attack: undefined
      })
      assert.deepStrictEqual(keysOf(uploads), [
        "samples~class zero",
        "samples~class one",
        "samples~class two"
      ])
      assert.lengthOf(uploads, 7)
      assert.deepStrictEqual(tags, { "mlflow.loggedImages": "True" })

      // Three classes of three, two and two images; 56 / 4 pixels for each of theirs, and lines between them.
      const overview = decode(yield* uploadBytes(uploadTo(uploads, "figures/samples.png")))
      assert.deepInclude(overview, { width: 3 * 58 - 2, height: 3 * 58 - 2, channels: 1 })
    })
  )

  it.effect("of a set that arranges others' images are an overview alone", () =>
    Effect.gen(function* () {
      const { uploads, tags } = yield* sampleImages(dataset(7), { name, isArranged: true, attack: undefined })
      assert.deepStrictEqual(
        uploads.map(({ path }) => path),
        ["figures/samples.png"]
      )
      assert.deepStrictEqual(tags, {})
    })
  )

  it.effect(
    "of an attacked set are clean image, perturbation and attacked image, with what the model says",
    () =>
      Effect.gen(function* () {
        const clean = dataset(6)
        const { uploads } = yield* sampleImages(dataset(6, { notes: attackNotes }, 0.2), {
          name,
          isArranged: true,
          attack: { clean, model: saying(2) }
        })
        // exp(2) / (exp(2) + 2)
        assert.deepStrictEqual(
          keysOf(uploads),
          ["zero", "one", "two"].map((label) => `FGSM eps 0.25~${label} as two 0.79`)
        )
        const [, first] = uploads
        if (first === undefined) return assert.fail("no image")
        const { width, height, data } = decode(yield* uploadBytes(first))
        assert.deepStrictEqual([width, height], [3 * 142 - 2, 140])
        const { images } = yield* clean.rows(0, 1)
        const at = (x: number) => data[70 * width + x]
        const pixel = images[2 * 4 + 1] ?? 0
        assert.deepStrictEqual(
          [at(40), at(142 + 40), at(2 * 142 + 40)],
          [Math.round(255 * pixel), 255, Math.round(255 * (pixel + 0.2))]
        )
      })
  )

  it.effect("of an attacked set whose clean rows have other labels are the attacked images alone", () =>
    Effect.gen(function* () {
      const shifted = Dataset.fromArrays({
        info,
        images: new Float32Array(6 * 16),
        labels: Int32Array.from({ length: 6 }, (_, row) => (row + 1) % 3)
      })
      const { uploads } = yield* sampleImages(dataset(6, { notes: attackNotes }), {
        name,
        isArranged: true,
        attack: { clean: shifted, model: undefined }
      })
      assert.deepStrictEqual(keysOf(uploads), [
        "FGSM eps 0.25~zero",
        "FGSM eps 0.25~one",
        "FGSM eps 0.25~two"
      ])
      const [, first] = uploads
      if (first === undefined) return assert.fail("no image")
      assert.strictEqual(decode(yield* uploadBytes(first)).width, 140)
    })
  )

  it.effect(
    "of an attack that nobody knows still have their epsilon, and a model of other images says nothing",
    () =>
      Effect.gen(function* () {
        const odd = dataset(3, { shape: [2, 8, 1], notes: { attack: { method: "new", epsilon: 1 / 3 } } })
        const { uploads } = yield* sampleImages(odd, {
          name,
          isArranged: true,
          attack: { clean: undefined, model: saying(1) }
        })
        assert.deepStrictEqual(keysOf(uploads)[0], "attacked eps 0.3333~zero")
      })
  )

  it.effect("of 300,000 images cost a few rows, spread over the set", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const large = Dataset.generate({
        info,
        count: 300_000,
        dtype: "F32",
        rows: (from, to) =>
          Effect.sync(() => {
            for (let row = from; row < to; row++) asked.push(row)
            // Sorted by class, as a sample of each class is.
            const labels = Int32Array.from({ length: to - from }, (_, i) => Math.floor((from + i) / 100_000))
            return { images: new Float32Array((to - from) * 16), labels }
          })
      })
      const { uploads } = yield* sampleImages(large, { name, isArranged: false, attack: undefined })
      for (const upload of uploads) yield* uploadBytes(upload)
      assert.lengthOf(keysOf(uploads), 3)
      assert.isAtMost(asked.length, 256)
      assert.isAbove(Math.max(...asked), 200_000)
    })
  )

  it.effect("of images that are neither grey nor colour do not exist", () =>
    Effect.gen(function* () {
      const { uploads } = yield* sampleImages(dataset(3, { shape: [4, 2, 2] }), {
        name,
        isArranged: false,
        attack: undefined
      })
      assert.deepStrictEqual(uploads, [])
    })
  )
})
