/** Amounts of bytes as people write them: `2GB`, `500 MB`, `1.5GiB`, `4096`. */
import { Schema } from "effect"
import { Flag } from "effect/cli"

const factors: { readonly [unit: string]: number } = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40
}

const pattern = /^(\d{1,15}(?:\.\d{1,15})?) ?([kmgt]i?b|b|)$/i

const ByteCount = Schema.String.check(
  Schema.isPattern(pattern, { expected: "an amount such as 2GB, 500MB or 1.5GiB" })
)

/** Nothing where the text is no amount. */
export const byteCountOf = (text: string): number | undefined => {
  const [, amount, unit = ""] = pattern.exec(text) ?? []
  return amount === undefined ? undefined : Math.floor(Number(amount) * (factors[unit.toLowerCase()] ?? 1))
}

export const byteCountFlag = (name: string) =>
  Flag.String(name).pipe(
    Flag.withSchema(ByteCount),
    Flag.map((text) => byteCountOf(text) ?? 0)
  )
