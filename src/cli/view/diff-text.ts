/** A diff of two runs, side by side. */
import { isBetter } from "./better.ts"
import { isEmptyDiff, type NodeDiff, type RunDiff } from "./diff.ts"
import { duration, number, plural, relative, shortDigest } from "./format.ts"
import { missing, valueText } from "./params.ts"
import type { RunSummary } from "./runs.ts"
import type { TextOptions } from "./show.ts"
import { type Style, stateWord } from "./style.ts"
import { table } from "./table.ts"
import { harmless } from "./text.ts"

export const diffText = (diff: RunDiff, options: TextOptions): string => {
  const blocks = [
    runs(diff, options),
    params(diff, options),
    nodes(diff, options),
    only(diff, options),
    [ending(diff)]
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => `${block.join("\n")}\n`)
    .join("\n")
}

const runs = (diff: RunDiff, { style, now, width }: TextOptions): Array<string> => {
  const row = (letter: string, run: RunSummary) => [
    style.bold(letter),
    harmless(run.id),
    harmless(run.pipeline),
    harmless(run.preset),
    stateWord(style, run.status),
    relative(run.startedAt, now),
    duration(run.seconds)
  ]
  const columns = [
    { head: "" },
    { head: "" },
    { head: "", shrinkTo: 8 },
    { head: "" },
    { head: "" },
    { head: "" }
  ]
  return table([...columns, { head: "", align: "right" }], [row("a", diff.a), row("b", diff.b)], { width })
}

const params = ({ params }: RunDiff, { style, width }: TextOptions): Array<string> => {
  if (params.length === 0) return []
  const rows = params.map(({ name, a, b }) => [harmless(name), valueText(a), valueText(b)])
  const columns = [
    { head: "param", shrinkTo: 12 },
    { head: "a", shrinkTo: 10 },
    { head: "b", shrinkTo: 10 }
  ]
  return table(columns, rows, { width, head: style.dim })
}

const nodes = (diff: RunDiff, { style, width }: TextOptions): Array<string> => {
  if (diff.nodes.length === 0) return []
  const columns = [
    { head: "node", shrinkTo: 12 },
    { head: "what", shrinkTo: 10 },
    { head: "a", shrinkTo: 10 },
    { head: "b", shrinkTo: 10 },
    { head: "b - a", align: "right" }
  ] as const
  const rows = diff.nodes.flatMap((node) =>
    rowsOf(node, style).map((row, index) => [index === 0 ? harmless(node.name) : "", ...row])
  )
  return table(columns, rows, { width, head: style.dim })
}

const rowsOf = ({ state, digest, params, metrics }: NodeDiff, style: Style): Array<Array<string>> => [
  ...(state === undefined ? [] : [["state", state.a, state.b]]),
  ...(digest === undefined ? [] : [["artifact", digestOr(digest.a), digestOr(digest.b)]]),
  ...params.map(({ name, a, b }) => [harmless(name), valueText(a), valueText(b)]),
  ...metrics.map(({ name, a, b }) => [
    harmless(name),
    marked(name, a, b, style),
    marked(name, b, a, style),
    difference(a, b)
  ])
]

/** The better one of two stands out. */
const marked = (
  metric: string,
  value: number | undefined,
  other: number | undefined,
  style: Style
): string =>
  value !== undefined && other !== undefined && isBetter(metric, value, other)
    ? style.bold(number(value))
    : numberOr(value)

const numberOr = (value: number | undefined): string => (value === undefined ? missing : number(value))

const digestOr = (digest: string | undefined): string =>
  digest === undefined ? missing : shortDigest(digest)

const difference = (a: number | undefined, b: number | undefined): string => {
  if (a === undefined || b === undefined || !Number.isFinite(b - a)) return ""
  return `${b > a ? "+" : ""}${number(Number((b - a).toPrecision(6)))}`
}

const only = ({ onlyInA, onlyInB }: RunDiff, { style }: TextOptions): Array<string> => [
  ...onlyInA.map((name) => `${style.yellow("only in a")}  ${harmless(name)}`),
  ...onlyInB.map((name) => `${style.yellow("only in b")}  ${harmless(name)}`)
]

const ending = (diff: RunDiff): string =>
  isEmptyDiff(diff)
    ? "no differences"
    : `${plural(diff.same, "node")} ${diff.same === 1 ? "is" : "are"} the same`
