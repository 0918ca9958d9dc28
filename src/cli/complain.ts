/** How a command's failure is told: what, where, and after a blank line the cure. */
import { Cause } from "effect"
import { didYouMean } from "../text/did-you-mean.ts"
import type { Style } from "./view/style.ts"
import { harmlessLines } from "./view/text.ts"

/** Failures that were told already; nothing is added but the exit code. */
export const toldTags: ReadonlySet<string> = new Set(["RunFailed", "ShowHelp"])

interface Told {
  readonly message: string
  readonly hints: ReadonlyArray<string>
  readonly details: ReadonlyArray<string>
}

/** The text for standard error, or nothing for a failure that was told already. */
export const complaint = (cause: Cause.Cause<unknown>, style: Style): string => {
  const defect = cause.reasons.find(Cause.isDieReason)
  if (defect !== undefined) return render(internal(defect.defect), style)
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined || (isTagged(failure.error) && toldTags.has(failure.error._tag))) return ""
  return render(told(failure.error), style)
}

/** The text for a command that was written wrongly: a flag, an argument, a command that does not exist. */
export const misuse = (
  errors: ReadonlyArray<{ readonly message: string; readonly suggestions?: ReadonlyArray<string> }>,
  command: string,
  style: Style
): string => {
  const messages = errors.map(({ message }) =>
    (message.split("\n")[0] ?? "").replace("Expected: Schema validation failed: ", "")
  )
  const guesses = errors.flatMap(({ suggestions = [] }) => suggestions)
  const hints = [...guesses.map((name) => `did you mean \`${name}\`?`), `${command} --help`]
  return render({ message: messages.join("\n"), hints, details: [] }, style)
}

const isTagged = (value: unknown): value is { readonly _tag: string } =>
  typeof value === "object" && value !== null && "_tag" in value && typeof value._tag === "string"

const told = (error: unknown): Told => {
  if (!(error instanceof Error)) return { message: String(error), hints: [], details: [] }
  // What a worker reported carries its own texts.
  if ("failure" in error && isFailure(error.failure)) {
    const { message, hint, stack } = error.failure
    return {
      message,
      hints: hint === undefined ? [] : [hint],
      details: stack === undefined ? [] : frames(stack)
    }
  }
  const hint = "hint" in error && typeof error.hint === "string" ? [error.hint] : []
  // An error with a cure of its own has said what there is.
  const guess =
    hint.length === 0 &&
    "name" in error &&
    "known" in error &&
    Array.isArray(error.known) &&
    typeof error.name === "string"
      ? [didYouMean(error.name, error.known) ?? knownNames(error.known)]
      : []
  return { message: error.message, hints: [...guess, ...hint], details: [] }
}

interface FailureLike {
  readonly message: string
  readonly hint?: string
  readonly stack?: string
}

const isFailure = (value: unknown): value is FailureLike =>
  typeof value === "object" && value !== null && "message" in value && typeof value.message === "string"

const knownNames = (names: ReadonlyArray<unknown>): string =>
  names.length === 0
    ? "there is none yet"
    : `there are ${names
        .slice(0, 12)
        .map((name) => `\`${name}\``)
        .join(", ")}${names.length > 12 ? ` and ${names.length - 12} more` : ""}`

/** The part of a stack that lies in the user's own files. */
const frames = (stack: string): ReadonlyArray<string> =>
  stack
    .split("\n")
    .filter(
      (line) => line.startsWith("    at ") && !line.includes("node:") && !line.includes("/node_modules/")
    )
    .slice(0, 5)

const internal = (defect: unknown): Told => ({
  message: `internal error: ${defect instanceof Error ? defect.message : String(defect)}`,
  hints: ["this is a mistake of the program; please report it with the command and the lines above"],
  details: defect instanceof Error ? (defect.stack ?? "").split("\n").slice(1, 12) : []
})

const render = ({ message, hints, details }: Told, style: Style): string => {
  const [first = "", ...rest] = harmlessLines(message)
  const lines = [`${style.red("error:")} ${first}`, ...rest, ...details]
  return `${[...lines, ...(hints.length === 0 ? [] : ["", ...hints.map((hint) => `${style.cyan("hint:")} ${hint}`)])].join("\n")}\n`
}
