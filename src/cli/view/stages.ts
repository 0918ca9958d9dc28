/** `pipeline stages`: each stage's inputs, output and params. */
import type { Schema } from "effect"
import type { Style } from "./style.ts"
import { table } from "./table.ts"
import { harmless } from "./text.ts"

export interface StageListing {
  readonly name: string
  readonly kind: string
  readonly inputs: { readonly [input: string]: string }
  /** JSON Schema of its params. */
  readonly params: Schema.Json
}

export const stagesText = (
  stages: ReadonlyArray<StageListing>,
  { style, width }: { readonly style: Style; readonly width: number | undefined }
): string => {
  if (stages.length === 0) return "no stages: each is exported by a file in `stages/`\n"
  return stages
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (stage) =>
        `${[`${style.bold(harmless(stage.name))} → ${harmless(stage.kind)}`, ...details(stage, width)].join("\n")}\n`
    )
    .join("\n")
}

const details = ({ inputs, params }: StageListing, width: number | undefined): ReadonlyArray<string> => {
  const rows = [
    ...Object.entries(inputs).map(([name, kind]) => ["  input", harmless(name), harmless(kind)]),
    ...Object.entries(propertiesOf(params)).map(([name, schema]) => [
      "  param",
      harmless(name),
      harmless(typeText(schema))
    ])
  ]
  return rows.length === 0
    ? []
    : table([{ head: "" }, { head: "" }, { head: "", shrinkTo: 20 }], rows, { width })
}

type JsonObject = { readonly [key: string]: Schema.Json }
const isObject = (value: Schema.Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isList = (value: Schema.Json | undefined): value is ReadonlyArray<Schema.Json> => Array.isArray(value)

const propertiesOf = (schema: Schema.Json): JsonObject =>
  isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {}

/** A JSON Schema as a few words: `integer ≥ 1`, `"train" or "test"`, `list of number`. */
export const typeText = (schema: Schema.Json): string => {
  if (!isObject(schema)) return "anything"
  if (isList(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" or ")
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"])
  const alternatives = schema["anyOf"] ?? schema["oneOf"]
  if (isList(alternatives)) return alternatives.map(typeText).join(" or ")
  const type = typeof schema["type"] === "string" ? schema["type"] : "anything"
  if (type === "array") return `list of ${typeText(schema["items"] ?? true)}`
  if (type === "object") return `{ ${Object.keys(propertiesOf(schema)).join(", ")} }`
  return [type, ...limits(schema)].join(" ")
}

/** Limits stand in the schema itself or in its `allOf`. */
const limits = (schema: JsonObject): ReadonlyArray<string> => {
  const parts = [schema, ...(isList(schema["allOf"]) ? schema["allOf"].filter(isObject) : [])]
  const signs = [
    ["minimum", "≥"],
    ["exclusiveMinimum", ">"],
    ["maximum", "≤"],
    ["exclusiveMaximum", "<"]
  ] as const
  // The limits of the number type itself say nothing.
  const telling = (limit: Schema.Json | undefined) =>
    limit !== undefined && Math.abs(Number(limit)) < Number.MAX_SAFE_INTEGER
  return parts.flatMap((part) =>
    signs.flatMap(([name, sign]) => (!telling(part[name]) ? [] : [`${sign} ${part[name]}`]))
  )
}
