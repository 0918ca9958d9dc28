import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { jsonLine } from "../../../src/text/json.ts"
import { batchesOf, limits } from "../../../src/track/mlflow/batches.ts"
import { serverKey } from "../../../src/track/mlflow/key.ts"

const plainKey = fc.stringMatching(/^[a-w][a-w0-9_.]{0,20}$/)
const point = fc.record({
  key: plainKey,
  value: fc.double(),
  timestamp: fc.nat(),
  step: fc.maxSafeInteger()
})
const entries = fc.record({
  metrics: fc.array(point, { maxLength: 3500, size: "max" }),
  params: fc.dictionary(plainKey, fc.string({ maxLength: 200, unit: "grapheme" }), {
    maxKeys: 350,
    size: "max"
  }),
  tags: fc.dictionary(plainKey, fc.string({ maxLength: 200 }), { maxKeys: 350, size: "max" })
})

describe("batches", () => {
  it("together are what was given, in its order; each is within the limits; only NaN is set apart", () => {
    fc.assert(
      fc.property(entries, (given) => {
        const { batches } = batchesOf(given)
        const of = (kind: string) => batches.filter((batch) => batch.kind === kind)
        const metricsOf = (kind: string) =>
          of(kind).flatMap((batch) => ("metrics" in batch ? batch.metrics : []))
        const isNaNPoint = ({ value }: { value: number }) => Number.isNaN(value)
        assert.deepStrictEqual(
          metricsOf("metrics"),
          given.metrics.filter((each) => !isNaNPoint(each))
        )
        assert.deepStrictEqual(metricsOf("nan"), given.metrics.filter(isNaNPoint))
        const params = of("params").flatMap((batch) => ("params" in batch ? batch.params : []))
        const tags = of("tags").flatMap((batch) => ("tags" in batch ? batch.tags : []))
        const pairs = (texts: Record<string, string>) =>
          Object.entries(texts).map(([key, value]) => [key, value.replaceAll("\0", "\uFFFD").toWellFormed()])
        assert.deepStrictEqual(
          params.map(({ key, value }) => [key, value]),
          pairs(given.params)
        )
        assert.deepStrictEqual(
          tags.map(({ key, value }) => [key, value]),
          pairs(given.tags)
        )
        for (const batch of batches) {
          assert.isAtMost("metrics" in batch ? batch.metrics.length : 0, limits.metrics)
          assert.isAtMost("params" in batch ? batch.params.length : 0, limits.params)
          assert.isAtMost("tags" in batch ? batch.tags.length : 0, limits.tags)
        }
      }),
      { numRuns: 60 }
    )
  })

  it("no request has more bytes than the server takes", () => {
    const wide = "\u{1F3AF}日本".repeat(3000)
    const params = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`p${index}`, wide]))
    const key = "é".repeat(250)
    const metrics = Array.from({ length: 2000 }, (_, step) => ({
      key,
      value: Math.E * step,
      timestamp: 1e12,
      step
    }))
    const { batches } = batchesOf({ params, metrics })
    for (const batch of batches) {
      const { kind, ...body } = batch
      assert.isAtMost(Buffer.byteLength(jsonLine({ ...body, run_id: "r".repeat(256) })), limits.bytes, kind)
    }
    assert.isAbove(batches.filter(({ kind }) => kind === "params").length, 1)
  })

  it("what is cut says so, is within the limit, and is told once for each key", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6001, maxLength: 9000, unit: "grapheme" }), (long) => {
        const { batches, adjustments } = batchesOf({ params: { long } })
        const [batch] = batches
        const value = batch !== undefined && "params" in batch ? batch.params[0]?.value : undefined
        assert.isAtMost(value?.length ?? 0, limits.paramLength)
        assert.isTrue(value?.isWellFormed())
        assert.deepStrictEqual(
          adjustments.map(({ what, key }) => [what, key]),
          [["param", "long"]]
        )
      })
    )
    const metrics = Array.from({ length: 50 }, (_, step) => ({ key: "a@b", value: 1, timestamp: 1, step }))
    assert.lengthOf(batchesOf({ metrics }).adjustments, 1)
  })

  it("times and steps are whole numbers that survive JSON", () => {
    const metrics = [1.5, -2.5, Number.NaN, 2 ** 60, Number.NEGATIVE_INFINITY].map((step) => ({
      key: "m",
      value: 1,
      timestamp: step,
      step
    }))
    const [batch] = batchesOf({ metrics }).batches
    const points = batch !== undefined && "metrics" in batch ? batch.metrics : []
    assert.deepStrictEqual(
      points.map(({ step }) => step),
      [1, -2, 0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    )
    assert.deepStrictEqual(
      points.map(({ timestamp }) => timestamp),
      [1, 0, 0, Number.MAX_SAFE_INTEGER, 0]
    )
  })
})

/** MLflow's rule, re-expressed: allowed characters, and a path that normalising leaves alone. */
const isTaken = (key: string): boolean =>
  key.length <= 250 &&
  /^[\p{L}\p{N}_/.\- :]+$/u.test(key) &&
  !key.startsWith("..") &&
  key.split("/").every((part) => part !== "" && part !== "." && part !== "..")

const decoded = (key: string): string =>
  key === "_x_"
    ? ""
    : key.replace(/_x((?:[0-9A-F]{4}){1,2})_/g, (_, code: string) =>
        String.fromCodePoint(Number.parseInt(code, 16))
      )

const nasty = fc.oneof(
  fc.string({ maxLength: 40, unit: "binary" }),
  fc
    .array(
      fc.constantFrom("/", ".", "..", "_", "x", "_x", "0040", "0001F600", "_x0040_", "@", "a", " ", "\n"),
      {
        maxLength: 12
      }
    )
    .map((parts) => parts.join(""))
)

describe("keys", () => {
  it("are taken by the server, whatever they were, and lead back exactly", () => {
    fc.assert(
      fc.property(nasty, (key) => {
        const taken = serverKey(key)
        assert.isTrue(isTaken(taken), taken)
        if (!taken.includes("_x") && isTaken(key)) assert.strictEqual(taken, key)
        if (key.length < 20) assert.strictEqual(decoded(taken), key)
      }),
      { numRuns: 5000 }
    )
  })

  it("that the server takes stay as they are", () => {
    for (const key of [
      "loss",
      "attack.epsilon",
      "accuracy/test 1",
      "a:b",
      "é日本",
      "..a/b".slice(1),
      "a_b_x",
      "_xa"
    ])
      assert.strictEqual(serverKey(key), key)
  })

  it("that are long stay different", () => {
    const long = "k".repeat(400)
    assert.isTrue(isTaken(serverKey(long)))
    assert.notStrictEqual(serverKey(`${long}1`), serverKey(`${long}2`))
  })

  it("names a long key by its beginning and its end when it tells of it", () => {
    const key = `long${"/é%".repeat(130)}/end`
    const { adjustments } = batchesOf({
      metrics: [{ key, value: 1, timestamp: 1, step: 0.5 }],
      tags: { [key]: "x".repeat(9000) }
    })
    assert.lengthOf(adjustments, 4)
    for (const { message } of adjustments) {
      assert.isAtMost(message.length, 240)
      assert.match(message, /`long.*…/)
    }
  })
})
