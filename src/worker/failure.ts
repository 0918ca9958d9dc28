import { fileURLToPath } from "node:url"
import { Cause } from "effect"
import type { Failure } from "../track/event.ts"

/** Any cause as people read it: typed errors by their message and hint, unexpected ones with their stack. */
export const failureOf = (cause: Cause.Cause<unknown>): Failure => {
  const reason = cause.reasons.find(Cause.isDieReason) ?? cause.reasons.find(Cause.isFailReason)
  if (reason === undefined) return { tag: "Interrupted", message: "it was interrupted" }
  return Cause.isDieReason(reason) ? describe(reason.defect, true) : describe(reason.error, false)
}

const describe = (error: unknown, unexpected: boolean): Failure => {
  if (
    typeof error !== "object" ||
    error === null ||
    !("message" in error) ||
    typeof error.message !== "string"
  ) {
    return { tag: "Error", message: textOf(error) }
  }
  const name = "name" in error && typeof error.name === "string" ? error.name : "Error"
  const tag = "_tag" in error && typeof error._tag === "string" ? error._tag : name
  const hint = "hint" in error && typeof error.hint === "string" ? { hint: error.hint } : {}
  const trace = "trace" in error ? error.trace : unexpected && "stack" in error ? error.stack : undefined
  const stack = typeof trace === "string" ? { stack: withoutInsides(trace) } : {}
  return { tag, message: error.message === "" ? tag : error.message, ...hint, ...stack }
}

/** This package's directory, both for the built program and for its sources. */
const ownRoot = fileURLToPath(new URL("../../", import.meta.url))

/** A stack without the frames of Node, of packages and of this program: what is left can be corrected. */
const withoutInsides = (stack: string): string =>
  stack
    .split("\n")
    .filter((line) => !line.startsWith("    at ") || !insides.some((part) => line.includes(part)))
    .join("\n")

const insides = ["(<anonymous>)", "node:", "/node_modules/", `${ownRoot}src/`, `${ownRoot}dist/`]

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
