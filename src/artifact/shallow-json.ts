/**
 * JSON of strangers: text whose brackets nest deeply is refused before it is parsed.
 *
 * The parser would take it, but whoever walks through the value calls itself for each level and exhausts the stack.
 */
import { Schema } from "effect"

/** A list in a list is two levels. Nothing that is written by hand or by us comes near. */
export const mostLevels = 100

/** Whether brackets and braces outside of a text's quotes nest in more than {@link mostLevels} levels. */
export const isTooDeep = (json: string): boolean => {
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (isQuoted) {
      if (code === backslash) at++
      else if (code === quote) isQuoted = false
    } else if (code === quote) isQuoted = true
    else if (code === bracket || code === brace) {
      if (++depth > mostLevels) return true
    } else if (code === bracketEnd || code === braceEnd) depth--
  }
  return false
}

const [quote, backslash, bracket, bracketEnd, brace, braceEnd] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d] as const

const ShallowText = Schema.String.check(
  Schema.makeFilter((json: string) =>
    isTooDeep(json) ? `nested too deeply: more than ${mostLevels} levels` : undefined
  )
)

/** `Schema.fromJsonString` for values of any form: what holds a `Schema.Json` somewhere. */
export const fromShallowJson = <S extends Schema.Constraint>(schema: S) =>
  ShallowText.pipe(Schema.decodeTo(Schema.fromJsonString(schema)))
