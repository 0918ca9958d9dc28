import { createHash } from "node:crypto"
import { Schema } from "effect"

/** The SHA-256 of some bytes, as 64 lower-case hexadecimal digits: the name of those bytes everywhere. */
export const Digest = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{64}$/, { expected: "a SHA-256 digest (64 hexadecimal digits)" })
).pipe(Schema.brand("Digest"))
export type Digest = typeof Digest.Type

export const isDigest = Schema.is(Digest)

/** The digest of `bytes`, or of the UTF-8 encoding of a string. */
export const digestOf = (bytes: Uint8Array | string): Digest =>
  asDigest(createHash("sha256").update(bytes).digest("hex"))

/** Brands a hexadecimal hash. Dies on anything else: only hashing code calls it. */
export const asDigest = (hex: string): Digest => {
  if (!isDigest(hex)) throw new Error(`not a SHA-256 digest: ${hex}`)
  return hex
}

/** The first digits of a digest, enough for people to tell artifacts apart. */
export const shortDigest = (digest: string): string => digest.slice(0, 8)
