/** The tag that names a thing for good, as the server's search language writes it. */

import { serverKey } from "./key.ts"
import type { Once } from "./requests.ts"

/** A filter for what has the tag. The language has no escapes, so a quote in a value takes the other kind around it. */
export const tagFilter = ({ tag, value }: Once): string => {
  const quote = value.includes("'") ? '"' : "'"
  return `tags.\`${serverKey(tag)}\` = ${quote}${value}${quote}`
}

export const withTag = ({ tag, value }: Once, tags: { readonly [key: string]: string } = {}) => ({
  ...tags,
  [serverKey(tag)]: value
})
