/** Plain data as YAML, for files that MLflow reads and people look at. */
import type { Schema } from "effect"

/**
 * Block style; every text is quoted as JSON quotes it, which is YAML too.
 *
 * @see https://yaml.org/spec/1.2.2/, section 7.3.1, for double-quoted texts
 */
export const yaml = (data: { readonly [key: string]: Schema.Json }): string => `${lines(data).join("\n")}\n`

const lines = (data: Schema.Json): ReadonlyArray<string> => {
  if (typeof data !== "object" || data === null) return [JSON.stringify(data)]
  if (Array.isArray(data)) {
    // The first line of an item stands behind its dash.
    return data.flatMap((item: Schema.Json) =>
      lines(item).map((line, index) => `${index === 0 ? "-" : " "} ${line}`)
    )
  }
  return Object.entries(data).flatMap(([key, value]) => {
    const name = /^[a-z_][\w-]*$/i.test(key) ? key : JSON.stringify(key)
    if (isEmpty(value)) return [`${name}: ${Array.isArray(value) ? "[]" : "{}"}`]
    const inner = lines(value)
    return typeof value === "object" && value !== null
      ? [`${name}:`, ...inner.map((line) => `  ${line}`)]
      : [`${name}: ${inner[0]}`]
  })
}

const isEmpty = (value: Schema.Json): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0
