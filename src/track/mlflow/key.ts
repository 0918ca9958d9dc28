/**
 * Keys of metrics, params and tags as the server takes them.
 *
 * It takes letters, digits, `_ - . :`, spaces, and `/` between parts that a file system would leave as they are. Any other
 * character becomes `_xHHHH_`, its code in four or eight hexadecimal digits; so does a `_` that would look like the start
 * of that, which makes the way back exact. (The convention is that of .NET's XmlConvert.EncodeName and of OData.) A key
 * of more than 250 characters is cut and ends with a hash of the whole.
 */
import { createHash } from "node:crypto"

const longest = 250

/** What the server takes in place of `key`. Different keys stay different. */
export const serverKey = (key: string): string => {
  const taken = key
    .replace(/_(?=x[0-9A-F]{4})|^_(?=x_$)|[^\p{L}\p{N}_/.\- :]/gu, escaped)
    // The server refuses what `posixpath.normpath` would change: parts that are empty, `.` or `..`, and `..` in front.
    .replace(/(?<=^|\/)\/|\/$/g, escaped)
    .replace(/(?<=^|\/)\.(?=\.?(?:\/|$))|^\.(?=\.)/g, escaped)
  if (taken === "") return "_x_"
  return taken.length <= longest ? taken : cut(taken, key)
}

const escaped = (character: string): string => {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
  return `_x${code.padStart(code.length > 4 ? 8 : 4, "0")}_`
}

const cut = (taken: string, key: string): string => {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 12)
  // Not through the middle of a character.
  return `${taken.slice(0, longest - hash.length - 1).replace(/[\uD800-\uDBFF]$/, "")}-${hash}`
}
