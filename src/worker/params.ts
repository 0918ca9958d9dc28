/** Params of a pipeline: a preset, changed by `--set` arguments, checked by the pipeline's schema. */
import { Effect, Result, Schema, SchemaIssue } from "effect"
import { isTooDeep } from "../artifact/shallow-json.ts"
import { didYouMean, similarNames } from "../text/did-you-mean.ts"
import { leaves } from "../text/leaves.ts"
import type { LoadedPipeline } from "./loaded.ts"

/** A param that the schema rejects, or that does not exist. */
export class InvalidParam extends Schema.TaggedError<InvalidParam>()("InvalidParam", {
  pipeline: Schema.String,
  problems: Schema.Array(Schema.String),
  hint: Schema.String
}) {
  override get message() {
    return this.problems.length === 1
      ? `${this.pipeline}: ${this.problems[0]}`
      : `${this.pipeline}:${this.problems.map((problem) => `\n  ${problem}`).join("")}`
  }
}

export class UnknownPreset extends Schema.TaggedError<UnknownPreset>()("UnknownPreset", {
  pipeline: Schema.String,
  preset: Schema.String,
  presets: Schema.Array(Schema.String)
}) {
  override get message() {
    return `${this.pipeline} has no preset \`${this.preset}\``
  }
  get hint() {
    const guess = didYouMean(this.preset, this.presets)
    return guess ?? `its presets are ${this.presets.map((preset) => `\`${preset}\``).join(", ")}`
  }
}

type Json = Schema.Json
type JsonObject = { readonly [key: string]: Json }
type Setting = readonly [path: string, text: string]

const strict = { errors: "all", onExcessProperty: "error", reportInput: true } as const

/** The checked params, decoded for the pipeline and encoded for people and keys. */
export const resolveParams = Effect.fnUntraced(function* (
  pipeline: LoadedPipeline,
  presetName: string | null,
  sets: ReadonlyArray<Setting>
) {
  const preset = presetName ?? pipeline.defaultPreset
  if (!Object.hasOwn(pipeline.presets, preset)) {
    const presets = Object.keys(pipeline.presets)
    return yield* new UnknownPreset({ pipeline: pipeline.name, preset, presets })
  }
  const codec = Schema.toCodecJson(pipeline.params)
  const decode = Schema.decodeUnknownResult(codec, strict)
  const base = yield* Schema.encodeUnknownEffect(codec)(pipeline.presets[preset]).pipe(
    Effect.mapError((error) =>
      invalid(pipeline, error, `correct preset \`${preset}\` in pipelines/${pipeline.name}.ts`)
    )
  )
  for (const [path] of sets) yield* checkPath(pipeline, base, path)
  // `--set name=7` is a number unless only the text "7" is acceptable there.
  const asJson = decode(applySets(base, sets, (_, text) => parseValue(text)))
  const refused = Result.isFailure(asJson) ? pathsOf(asJson.failure) : []
  const isRefused = (path: string) => refused.some((place) => place === path || place.startsWith(`${path}.`))
  const decoded = Result.isSuccess(asJson)
    ? asJson
    : decode(applySets(base, sets, (path, text) => (isRefused(path) ? text : parseValue(text))))
  if (Result.isFailure(decoded)) {
    const error = Result.isFailure(asJson) ? asJson.failure : decoded.failure
    return yield* invalid(pipeline, error, "`pipeline list` shows every param with its type and range")
  }
  const encoded = yield* Effect.orDie(Schema.encodeUnknownEffect(codec)(decoded.success))
  return { preset, params: decoded.success, encoded }
})

/** What is no JSON stands for itself, and so does what nobody could walk through. */
const parseValue = (text: string): Json => {
  try {
    return isTooDeep(text) ? text : JSON.parse(text)
  } catch {
    return text
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const applySets = (
  base: Json,
  sets: ReadonlyArray<Setting>,
  read: (path: string, text: string) => Json
): Json => sets.reduce((params, [path, text]) => replaceAt(params, path.split("."), read(path, text)), base)

const replaceAt = (value: Json, [name, ...rest]: ReadonlyArray<string>, replacement: Json): Json =>
  name === undefined || !isObject(value)
    ? replacement
    : { ...value, [name]: replaceAt(value[name] ?? null, rest, replacement) }

/** Names every unknown part of a path before the schema sees it, so that the cure can be named too. */
const checkPath = Effect.fnUntraced(function* (pipeline: LoadedPipeline, base: Json, path: string) {
  let at: Json | undefined = base
  const seen: Array<string> = []
  for (const name of path.split(".")) {
    const known: ReadonlyArray<string> = isObject(at) ? Object.keys(at) : []
    if (!isObject(at) || !Object.hasOwn(at, name)) {
      const where = seen.length === 0 ? "" : ` in \`${seen.join(".")}\``
      // An optional param is absent from the preset and still known to the schema: let the schema judge it.
      if (isObject(at) && isOptionalParam(pipeline, path)) return
      return yield* new InvalidParam({
        pipeline: pipeline.name,
        problems: [`there is no param \`${name}\`${where}`],
        hint: hintFor(name, known, where, seen, base)
      })
    }
    seen.push(name)
    at = at[name]
  }
})

const hintFor = (
  name: string,
  known: ReadonlyArray<string>,
  where: string,
  seen: ReadonlyArray<string>,
  base: Json
): string => {
  if (known.length === 0) return `\`${seen.join(".")}\` has no parts; set it as a whole`
  const elsewhere = didYouMean(name, known) ?? meantWithin(name, base)
  return elsewhere ?? `params${where}: ${known.map((key) => `\`${key}\``).join(", ")}`
}

/** Params of that name, or nearly, further in: `epoch` for `baseline.epochs`. */
const meantWithin = (name: string, base: Json): string | undefined => {
  const lastName = (path: string): string => path.slice(path.lastIndexOf(".") + 1)
  const paths = leaves(base).map(({ path }) => path)
  const [nearest] = similarNames(name, paths.map(lastName), 1)
  const meant = paths.filter((path) => lastName(path) === nearest).slice(0, 5)
  return meant.length === 0 ? undefined : `did you mean ${meant.map((path) => `\`${path}\``).join(" or ")}?`
}

const isOptionalParam = (pipeline: LoadedPipeline, path: string): boolean => {
  const { schema } = Schema.toJsonSchemaDocument(pipeline.params)
  const properties = schema["properties"]
  return typeof properties === "object" && properties !== null && Object.hasOwn(properties, path)
}

const invalid = (pipeline: LoadedPipeline, error: Schema.SchemaError, hint: string) =>
  new InvalidParam({ pipeline: pipeline.name, problems: problemsOf(error), hint })

/** Where a schema complains, as dotted paths. */
const pathsOf = (error: Schema.SchemaError): ReadonlyArray<string> =>
  SchemaIssue.makeFormatterStandardSchemaV1()(error.issue).issues.map(({ path }) => dottedPath(path))

const dottedPath = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined): string =>
  (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")

/** A schema's complaints as one line each: `attack.epsilon: Expected …, got 1.5`. */
export const problemsOf = (error: Schema.SchemaError): ReadonlyArray<string> =>
  SchemaIssue.makeFormatterStandardSchemaV1()(error.issue).issues.map(({ path, message }) => {
    const place = dottedPath(path)
    return place === "" ? message : `param \`${place}\`: ${message}`
  })
