/**
 * The canonical encoding: one sequence of bytes per value, and one value per sequence.
 *
 * Every part begins with a type tag and everything of variable length with its length, so that
 * `["a", "bc"]` and `["ab", "c"]`, `"1"` and `1`, `{}` and `[]` can never meet. Keys of objects are
 * sorted by their UTF-16 code units: the order in which somebody wrote them does not count.
 */
import { createHash } from "node:crypto"
import { asDigest, type Digest } from "./digest.ts"

/** What can be encoded: JSON, with numbers restricted to finite ones. Schemas encode everything else to it. */
export type Canonical =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<Canonical>
  | { readonly [key: string]: Canonical }

/** Encodes a value canonically. Throws on a number that is not finite: JSON has none, so a schema never yields one. */
export const encodeCanonical = (value: Canonical): Uint8Array => {
  const parts: Array<Uint8Array> = []
  write(value, parts)
  return Buffer.concat(parts)
}

/** The digest of a value's canonical encoding. */
export const digestOfCanonical = (value: Canonical): Digest => {
  const parts: Array<Uint8Array> = []
  write(value, parts)
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return asDigest(hash.digest("hex"))
}

const nothing = Buffer.from("n")
const yes = Buffer.from("t")
const no = Buffer.from("f")

const write = (value: Canonical, parts: Array<Uint8Array>): void => {
  if (value === null) parts.push(nothing)
  else if (typeof value === "boolean") parts.push(value ? yes : no)
  else if (typeof value === "number") parts.push(writeNumber(value))
  else if (typeof value === "string") parts.push(writeString(value))
  else if (isList(value)) {
    parts.push(Buffer.from(`a${value.length}:`))
    for (const item of value) write(item, parts)
  } else {
    const keys = Object.keys(value).sort()
    parts.push(Buffer.from(`o${keys.length}:`))
    for (const key of keys) {
      parts.push(writeString(key))
      write(value[key] ?? null, parts)
    }
  }
}

const isList = (value: Canonical): value is ReadonlyArray<Canonical> => Array.isArray(value)

const writeNumber = (value: number): Uint8Array => {
  if (!Number.isFinite(value)) throw new Error(`a canonical value has no ${value}`)
  const bytes = Buffer.alloc(9)
  bytes.write("d")
  // JSON writes -0 as 0, so the two are one value here as well.
  bytes.writeDoubleBE(value === 0 ? 0 : value, 1)
  return bytes
}

const writeString = (value: string): Uint8Array => {
  // A lone surrogate has no UTF-8 form; JSON's escape keeps two different strings different.
  const text = value.isWellFormed() ? value : JSON.stringify(value)
  const tag = value.isWellFormed() ? "s" : "e"
  return Buffer.from(`${tag}${Buffer.byteLength(text)}:${text}`)
}
