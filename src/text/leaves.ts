/** Params as a flat list of paths and values, so that they can be listed, compared and logged. */
import type { Schema } from "effect"

export interface Leaf {
  /** `attack.epsilon`; elements of a list of objects have their index. */
  readonly path: string
  readonly value: Schema.Json
}

/** The leaves of `params` in their order. Lists of plain values are one leaf, as people write them. */
export const leaves = (params: Schema.Json): ReadonlyArray<Leaf> => {
  const found: Array<Leaf> = []
  const walk = (value: Schema.Json, path: string): void => {
    const entries = isPlain(value) ? [] : Object.entries<Schema.Json>(value)
    if (entries.length === 0 || (Array.isArray(value) && entries.every(([, each]) => isPlain(each)))) {
      if (path !== "" || isPlain(value)) found.push({ path, value })
      return
    }
    for (const [key, each] of entries) walk(each, path === "" ? key : `${path}.${key}`)
  }
  walk(params, "")
  return found
}

const isPlain = (value: Schema.Json): value is string | number | boolean | null =>
  value === null || typeof value !== "object"
