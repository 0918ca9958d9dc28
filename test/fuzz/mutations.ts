/** Valid inputs that something was done to: what hostile and broken files look like, more than random bytes do. */
import fc from "fast-check"

const boundaries32 = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] as const
const boundaries64 = [
  0n,
  1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n - 1n,
  2n ** 64n - 1n
] as const

/** A change to some bytes. `at` and `to` are fractions of the input, so that a smaller input is a smaller case. */
type Change = (bytes: Buffer) => Buffer

const place = fc.double({ min: 0, max: 1, noNaN: true })
const indexIn = (bytes: Uint8Array, at: number): number =>
  Math.min(bytes.length, Math.floor(at * bytes.length))

const change: fc.Arbitrary<Change> = fc.oneof(
  // The beginning of a file says how long the rest is: it is changed as often as all of the rest.
  fc.tuple(fc.oneof(place, fc.double({ min: 0, max: 0.05, noNaN: true })), fc.nat(7)).map(
    ([at, bit]): Change =>
      (bytes) => {
        const index = indexIn(bytes, at)
        if (index < bytes.length) bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
        return bytes
      }
  ),
  place.map(
    (at): Change =>
      (bytes) =>
        bytes.subarray(0, indexIn(bytes, at))
  ),
  fc.tuple(fc.nat(64), fc.constantFrom(...boundaries32), fc.boolean()).map(
    ([at, value, little]): Change =>
      (bytes) => {
        if (at + 4 > bytes.length) return bytes
        if (little) bytes.writeUInt32LE(value, at)
        else bytes.writeUInt32BE(value, at)
        return bytes
      }
  ),
  fc.tuple(fc.nat(64), fc.constantFrom(...boundaries64), fc.boolean()).map(
    ([at, value, little]): Change =>
      (bytes) => {
        if (at + 8 > bytes.length) return bytes
        if (little) bytes.writeBigUInt64LE(value, at)
        else bytes.writeBigUInt64BE(value, at)
        return bytes
      }
  ),
  fc.tuple(place, place, place).map(
    ([from, to, at]): Change =>
      (bytes) => {
        const [a, b] = [indexIn(bytes, Math.min(from, to)), indexIn(bytes, Math.max(from, to))]
        const target = indexIn(bytes, at)
        return Buffer.concat([bytes.subarray(0, target), bytes.subarray(a, b), bytes.subarray(target)])
      }
  ),
  fc.tuple(place, place).map(
    ([from, to]): Change =>
      (bytes) => {
        const [a, b] = [indexIn(bytes, Math.min(from, to)), indexIn(bytes, Math.max(from, to))]
        return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)])
      }
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 24 })).map(
    ([at, extra]): Change =>
      (bytes) => {
        const index = indexIn(bytes, at)
        return Buffer.concat([bytes.subarray(0, index), extra, bytes.subarray(index)])
      }
  )
)

/** One of the valid inputs, after one to four changes; now and then random bytes, and now and then two inputs in one. */
export const mutated = (valid: ReadonlyArray<Uint8Array>): fc.Arbitrary<Uint8Array> => {
  const one = fc.constantFrom(...valid)
  return fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(one, fc.array(change, { minLength: 1, maxLength: 4 }))
        .map(([bytes, changes]) => changes.reduce<Buffer>((now, act) => act(now), Buffer.from(bytes)))
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(one, one, place, place)
        .map(([a, b, end, from]) =>
          Buffer.concat([a.subarray(0, indexIn(a, end)), b.subarray(indexIn(b, from))])
        )
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) }
  )
}

const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`

/** Texts of JSON values that nobody expects where they stand. */
const oddValues: ReadonlyArray<string> = [
  ...["null", "true", "0", "-1", "0.5", "1e308", "-0", "9007199254740993", String(2 ** 60), "[]", "{}"],
  ...[
    '""',
    '"NaN"',
    '"__proto__"',
    '"constructor"',
    '"../../../../etc/passwd"',
    '"/etc/passwd"',
    '"a\\u0000b"'
  ],
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"then":1,"_tag":1}',
  '"\\ud800"',
  `"${"x".repeat(5000)}"`,
  deep(20),
  deep(30_000)
]
const oddNames = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "",
  "../../x",
  "then"
]

/**
 * JSON texts in which values, names or entries are others than before.
 *
 * They are changed as texts, because `__proto__` and very deep nesting do not survive as values.
 */
export const mutatedJson = (valid: ReadonlyArray<string>): fc.Arbitrary<string> => {
  const value = /"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d[\d.eE+-]*|true|false|null|\{\}|\[\]/g
  const name = /"(?:[^"\\]|\\.)*"(?=\s*:)/g
  const entry = /,?"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/g
  const replaced = (text: string, pattern: RegExp, which: number, by: string): string => {
    const all = [...text.matchAll(pattern)]
    const found = all[which % Math.max(1, all.length)]
    return found === undefined
      ? text
      : text.slice(0, found.index) + by + text.slice(found.index + found[0].length)
  }
  const act = fc.tuple(
    fc.constantFrom<"value" | "name" | "entry" | "added">("value", "value", "name", "entry", "added"),
    fc.nat(500),
    fc.oneof(fc.constantFrom(...oddValues), fc.json({ maxDepth: 3 })),
    fc.constantFrom(...oddNames)
  )
  const structured = fc
    .tuple(fc.constantFrom(...valid), fc.array(act, { minLength: 1, maxLength: 4 }))
    .map(([text, acts]) =>
      acts.reduce((now, [what, which, by, odd]) => {
        if (what === "value") return replaced(now, value, which, by)
        if (what === "name") return replaced(now, name, which, JSON.stringify(odd))
        if (what === "entry") return replaced(now, entry, which, "")
        return now.replace(/\}(?=[^}]*$)/, `,${JSON.stringify(odd)}:${by}}`)
      }, text)
    )
  const bytes = mutated(valid.map((text) => Buffer.from(text))).map((each) =>
    Buffer.from(each).toString("utf8")
  )
  return fc.oneof({ weight: 4, arbitrary: structured }, { weight: 1, arbitrary: bytes })
}
