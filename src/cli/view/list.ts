/** `pipeline list`: pipelines, their presets and their params. */
import type { Schema } from "effect"
import { leaves } from "../../text/leaves.ts"
import { valueText } from "./params.ts"
import type { TextOptions } from "./show.ts"
import { table } from "./table.ts"
import { harmless, harmlessLines } from "./text.ts"

/** A pipeline as `pipeline list --json` has it. */
export interface PipelineListing {
  readonly name: string
  readonly description: string
  readonly defaultPreset: string
  /** Each preset's params in full. */
  readonly presets: { readonly [preset: string]: Schema.Json }
  /** Why its file could not be loaded; such a pipeline is listed, and cannot run. */
  readonly problem?: string
}

export const listText = (
  pipelines: ReadonlyArray<PipelineListing>,
  options: Pick<TextOptions, "style" | "width">
): string => {
  if (pipelines.length === 0) return "no pipelines: each is a file in `pipelines/`\n"
  return pipelines.map((pipeline) => `${block(pipeline, options).join("\n")}\n`).join("\n")
}

const block = (
  pipeline: PipelineListing,
  { style, width }: Pick<TextOptions, "style" | "width">
): Array<string> => {
  const head = style.bold(harmless(pipeline.name))
  if (pipeline.problem !== undefined) {
    return [
      `${head}  ${style.red("cannot be loaded")}`,
      ...harmlessLines(pipeline.problem).map((line) => `  ${line}`)
    ]
  }
  return [
    head,
    ...harmlessLines(pipeline.description).map((line) => `  ${line}`),
    ...presets(pipeline, style.dim, width)
  ]
}

/** One column per preset, one row per param. */
const presets = (
  { presets, defaultPreset }: PipelineListing,
  head: (text: string) => string,
  width: number | undefined
): Array<string> => {
  const names = Object.keys(presets)
  const values = names.map(
    (name) => new Map(leaves(presets[name] ?? null).map(({ path, value }) => [path, value]))
  )
  const paths = new Set(values.flatMap((params) => [...params.keys()]))
  const heads = names.map((name) => `${harmless(name)}${name === defaultPreset ? " (default)" : ""}`)
  if (paths.size === 0) return [`  presets: ${heads.join(", ")}`]
  const rows = Array.from(paths, (path) => [
    harmless(path),
    ...values.map((params) => valueText(params.get(path)))
  ])
  const columns = ["param", ...heads].map((head) => ({ head, shrinkTo: 8 }))
  return table(columns, rows, { width, indent: "  ", head })
}
