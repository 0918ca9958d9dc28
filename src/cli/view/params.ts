/** Values of params as text. */
import type { Schema } from "effect"
import { harmless } from "./text.ts"

/** Stands where one side of a comparison has nothing. */
export const missing = "–"

/** A value on one line: `0.3`, `[32, 64]`, text without quotes, `null`. */
export const valueText = (value: Schema.Json | undefined): string => {
  if (value === undefined) return missing
  if (typeof value === "string") return harmless(value === "" ? '""' : value)
  if (Array.isArray(value)) return harmless(`[${value.map((each) => JSON.stringify(each)).join(", ")}]`)
  // Numbers in full: two that differ in the last digit are two cache keys.
  return harmless(JSON.stringify(value))
}
