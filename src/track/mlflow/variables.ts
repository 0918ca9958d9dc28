/** Environment variables, read as MLflow's Python client reads them. */
import { readFileSync } from "node:fs"
import { Schema } from "effect"

/** A variable whose value cannot be used. The value of a secret is never shown. */
export class BadMlflowSetting extends Schema.TaggedError<BadMlflowSetting>()("BadMlflowSetting", {
  variable: Schema.String,
  problem: Schema.String,
  cure: Schema.String
}) {
  override get message() {
    return `${this.variable} ${this.problem}`
  }
  get hint() {
    return this.cure
  }
}

export type Environment = { readonly [name: string]: string | undefined }

interface NumberRange {
  readonly from?: number
  readonly more?: number
  readonly most?: number
  readonly whole?: boolean
}

export interface Variables {
  /** Nothing where the variable is empty, as for Python. */
  text(name: string): string | undefined
  /** A text that goes into a header of a request. */
  header(name: string): string | undefined
  number(name: string, otherwise: number, range: NumberRange): number
  flag(name: string, otherwise: boolean): boolean
  /** The file that the variable names. */
  file(name: string): { readonly path: string; readonly text: string } | undefined
}

export const readVariables = (environment: Environment): Variables => {
  const text = (name: string) => {
    const value = environment[name]
    return value === undefined || value === "" ? undefined : value
  }
  return {
    text,
    header: (name) => {
      const value = text(name)
      if (value === undefined || /^[\x20-\x7E]*$/.test(value)) return value
      throw badSetting(
        name,
        "has characters that a request cannot carry, such as the end of a line",
        "remove them"
      )
    },
    number: (name, otherwise, { from, more, most, whole = false }) => {
      const written = text(name)
      if (written === undefined) return otherwise
      const value = Number(written)
      const fits =
        Number.isFinite(value) &&
        (!whole || Number.isInteger(value)) &&
        (from === undefined || value >= from) &&
        (more === undefined || value > more) &&
        (most === undefined || value <= most)
      if (fits) return value
      const bounds = [
        ...(from === undefined ? [] : [`at least ${from}`]),
        ...(more === undefined ? [] : [`more than ${more}`]),
        ...(most === undefined ? [] : [`at most ${most}`])
      ]
      const kind = whole ? "a whole number" : "a number"
      throw badSetting(
        name,
        `is \`${written}\`, not ${kind}, ${bounds.join(" and ")}`,
        `for example ${name}=${otherwise}`
      )
    },
    flag: (name, otherwise) => {
      const written = text(name)?.toLowerCase()
      if (written === undefined) return otherwise
      if (written === "true" || written === "1") return true
      if (written === "false" || written === "0") return false
      throw badSetting(name, `is \`${written}\``, "write true, 1, false or 0")
    },
    file: (name) => {
      const path = text(name)
      if (path === undefined) return undefined
      try {
        return { path, text: readFileSync(path, "utf8") }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw badSetting(name, `names a file that cannot be read: ${reason}`, "name a PEM file")
      }
    }
  }
}

export const badSetting = (variable: string, problem: string, cure: string) =>
  new BadMlflowSetting({ variable, problem, cure })
