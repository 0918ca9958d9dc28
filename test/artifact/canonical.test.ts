import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type Canonical, digestOfCanonical, encodeCanonical } from "../../src/artifact/canonical.ts"

/** JSON with keys that are traps, numbers that are close, and strings that are no text. */
const key = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toString", "", "a", "b", "10", "9", "é", "e\u0301"),
  fc.string({ unit: "binary", maxLength: 3 })
)
const { value: json } = fc.letrec<{ value: Canonical }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 1, "", "0", "1", "true", "null", "n"),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("\ud800", "\udc00", "\ud800\udc00", "\\ud800", '"\\ud800"', "\ufffd"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 4, selector: ([k]) => k })
      .map((entries) => Object.fromEntries(entries))
  )
}))

const isList = (value: Canonical): value is ReadonlyArray<Canonical> => Array.isArray(value)
const isObject = (value: Canonical): value is { readonly [key: string]: Canonical } =>
  typeof value === "object" && value !== null && !isList(value)

/** Equality of JSON values, written without any encoding. */
const same = (a: Canonical, b: Canonical): boolean => {
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index] ?? null))
  if (isObject(a) && isObject(b)) {
    const left = new Map(Object.entries(a))
    const right = new Map(Object.entries(b))
    return (
      left.size === right.size && [...left].every(([k, v]) => right.has(k) && same(v, right.get(k) ?? null))
    )
  }
  return a === b
}

/** The same value with all keys in the opposite order, and -0 for 0. */
const turned = (value: Canonical): Canonical => {
  if (isList(value)) return value.map(turned)
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([k, v]) => [k, turned(v)])
    )
  return value === 0 ? -0 : value
}

const text = (value: Canonical) => Buffer.from(encodeCanonical(value)).toString("hex")

describe("the canonical encoding", () => {
  test("two values have one encoding exactly if they are the same JSON", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(text(a) === text(b)).toBe(same(a, b))
      }),
      { numRuns: 3000 }
    )
  })

  test("two values that differ in one place have different encodings", () => {
    fc.assert(
      fc.property(json, json, json, (a, b, rest) => {
        fc.pre(!same(a, b))
        expect(text([a, rest])).not.toBe(text([b, rest]))
        expect(text([rest, a])).not.toBe(text([rest, b]))
        expect(text({ k: a, l: rest })).not.toBe(text({ k: b, l: rest }))
      })
    )
  })

  test("the order of keys and the sign of zero do not count", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(text(turned(value))).toBe(text(value))
      })
    )
  })

  test("where one part ends and the next one begins is encoded", () => {
    const groups: ReadonlyArray<ReadonlyArray<Canonical>> = [
      [["a", "bc"], ["ab", "c"], ["abc"], ["a", "b", "c"], [["a"], "bc"], [["a", "bc"]]],
      [[], {}, "", null, 0, false, [[]], [{}], [null], { "": null }],
      ["1", 1, true, "true", ["1"], { "1": 1 }],
      [{ a: "b" }, ["a", "b"], "a:b", { b: "a" }, { a: { b: null } }],
      [{ ab: "c" }, { a: "bc" }],
      [[[], []], [[[]]], [[], [], []]],
      ["s1:a", "a", ["s1:a"]]
    ]
    for (const values of groups) expect(new Set(values.map(text)).size).toBe(values.length)
  })

  test("a key called __proto__ is a key like any other", () => {
    const parsed: Canonical = JSON.parse('{"__proto__": {"x": 1}, "y": 2}')
    expect(text(parsed)).not.toBe(text({ y: 2 }))
    expect(text(parsed)).not.toBe(text(JSON.parse('{"__proto__": {"x": 2}, "y": 2}')))
  })

  test("strings that are no Unicode text stay different from each other and from what replaces them", () => {
    const strings = [
      "\ud800",
      "\ud801",
      "\udc00",
      "\ufffd",
      "\\ud800",
      '"\\ud800"',
      "\ud800\ud800",
      "\ud83d\ude00"
    ]
    expect(new Set(strings.map(text)).size).toBe(strings.length)
    expect(new Set(strings.map((key) => text({ [key]: 1 }))).size).toBe(strings.length)
  })

  test("composed and decomposed letters stay different", () => {
    expect(text("é")).not.toBe(text("e\u0301"))
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%d is refused wherever it stands",
    (bad) => {
      for (const value of [bad, [bad], { a: { b: [bad] } }]) {
        expect(() => encodeCanonical(value)).toThrow("a canonical value has no")
        expect(() => digestOfCanonical(value)).toThrow("a canonical value has no")
      }
    }
  )

  test("the digest is that of the encoding", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(digestOfCanonical(a) === digestOfCanonical(b)).toBe(text(a) === text(b))
      })
    )
  })

  // These are in every cache key. A change makes every stored result unreachable: raise the format's version.
  test.each([
    [null, "1b16b1df538ba12dc3f97edbb85caa7050d46c148134290feba80f8236c83db9"],
    [true, "e3b98a4da31a127d4bde6e43033f66ba274cab0eb7eb1c70ec41402bf6273dd8"],
    [0, "019f76127757f5d29dd33fbdca211fdc0ece9b093995fdb2706a5a8805c0e2b9"],
    [-1.5, "e4eae8499927fdd0f612a5a9555e4db68babcc3615246d5a626006b67f76ee09"],
    ["", "fb912574cecad54c6a0bc75b46172350b6374929d602d5fbcb4ca0ec831fd532"],
    ["Größe ✓", "53a8da3eb3bf5bd1c8897788ff7b72115e112298e3b14f2ba47154500a1991b2"],
    ["\ud800", "1b9b28a7a0ee33e3fdef35c1ef29921836a8551eca59f1f7436801a0d6be2f99"],
    [[], "90f9a4657249941e0fac87627150d9b390f8a1b4c1516c0ae6d2364888887fa2"],
    [{}, "6ca6486412ffd97e14bd93d83faa44cc5b39ddf8a945875c3dc9192193db2bad"],
    [["a", "bc"], "fe0469b02a3ac29924859f93947ff8f64f3faf4ef6e3442de83122c212ba626a"],
    [
      { b: [1, 2.5, null], a: { deep: [true, false, "x"] }, "": 0 },
      "ad8ccbd6afadc4d718cb14115870b00bd3ccda2a6899a1542d5941868439512c"
    ],
    [JSON.parse('{"__proto__": 1}'), "d444440ebc90e46109baa84caa0140da8d8dcf1b6b1ec0dba112b49cc8d835cb"]
  ] satisfies ReadonlyArray<readonly [Canonical, string]>)(
    "%j keeps its digest for ever",
    (value, digest) => {
      expect(digestOfCanonical(value)).toBe(digest)
    }
  )
})
