import { Cause } from "effect"
import type { Failure } from "../track/event.ts"

/** Any cause as people read it: typed errors by their message and hint, unexpected ones with their stack. */
export const failureOf = (cause: Cause.Cause<unknown>): Failure => {
  const reason = cause.reasons.find(Cause.isDieReason) ?? cause.reasons.find(Cause.isFailReason)
  if (reason === undefined) return { tag: "Interrupted", message: "it was interrupted" }
  return Cause.isDieReason(reason) ? describe(reason.defect, true) : describe(reason.error, false)
}

const describe = (error: unknown, unexpected: boolean): Failure => {
  if (!(error instanceof Error)) return { tag: "Error", message: textOf(error) }
  const tag = "_tag" in error && typeof error._tag === "string" ? error._tag : error.name
  const hint = "hint" in error && typeof error.hint === "string" ? { hint: error.hint } : {}
  const stack = unexpected || (tag === "BadModule" && "stack" in error) ? { stack: error.stack ?? "" } : {}
  return { tag, message: error.message === "" ? tag : error.message, ...hint, ...stack }
}

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
