/** `pipeline show RUN`: one run in full. Its `--json` is the `RunView` itself. */
import { engineText } from "../../tensor/engine-choice.ts"
import { leaves } from "../../text/leaves.ts"
import type { NodeView, RunView } from "../../track/run-view.ts"
import { becauseText } from "./because.ts"
import { isBetter } from "./better.ts"
import { bytes, dateTime, duration, number, relative, shortDigest, sparkline } from "./format.ts"
import { valueText } from "./params.ts"
import { type Style, stateWord } from "./style.ts"
import { summary } from "./summary.ts"
import { table } from "./table.ts"
import { harmless, harmlessLines } from "./text.ts"

/** How a view becomes text. */
export interface TextOptions {
  readonly style: Style
  /** Milliseconds since 1970. */
  readonly now: number
  /** Columns of the terminal; none for a pipe, where nothing is cut. */
  readonly width?: number | undefined
}

export const showText = (view: RunView, options: TextOptions): string =>
  [
    header(view, options),
    params(view, options),
    nodes(view, options),
    metrics(view, options),
    failures(view, options)
  ]
    .filter((block) => block.length > 0)
    .concat([[summaryOfView(view)]])
    .map((block) => `${block.join("\n")}\n`)
    .join("\n")

const header = (view: RunView, { style, now, width }: TextOptions): Array<string> =>
  table(
    [{ head: "" }, { head: "", shrinkTo: 20 }],
    [
      ["run", `${style.bold(harmless(view.id))}  ${stateWord(style, view.status)}`],
      ["pipeline", `${harmless(view.pipeline)}, preset ${harmless(view.preset)}`],
      ["started", `${dateTime(view.startedAt)} (${relative(view.startedAt, now)})`],
      ...engines(view).map((engine, index) => [index === 0 ? "engine" : "", engine])
    ],
    { width }
  )

/** What computed the tensors of the nodes that ran, each once. */
const engines = ({ nodes }: RunView): ReadonlyArray<string> => [
  ...new Set(
    nodes.flatMap(({ engine }) => {
      if (engine === undefined) return []
      const versions = Object.entries(engine.versions).map(([library, version]) => `${library} ${version}`)
      return [harmless(`${engineText(engine)}, ${versions.join(", ")}`)]
    })
  )
]

const params = (view: RunView, { style, width }: TextOptions): Array<string> => {
  const rows = leaves(view.params).map(({ path, value }) => [harmless(path), valueText(value)])
  if (rows.length === 0) return []
  const columns = [
    { head: "", shrinkTo: 12 },
    { head: "", shrinkTo: 12 }
  ]
  return [style.bold("params"), ...table(columns, rows, { width, indent: "  " })]
}

const nodes = (view: RunView, { style, width }: TextOptions): Array<string> =>
  table(
    [
      { head: "node", shrinkTo: 12 },
      { head: "state" },
      { head: "time", align: "right" },
      { head: "artifact" },
      { head: "size", align: "right" },
      { head: "why", shrinkTo: 16 }
    ],
    view.nodes.map((node) => [
      harmless(node.name),
      stateWord(style, node.state),
      node.seconds > 0 ? duration(node.seconds) : "",
      shortDigest(node.digest),
      node.bytes === undefined ? "" : bytes(node.bytes),
      why(node)
    ]),
    { width, head: style.dim }
  )

/** Why a node is in its state, in a few words. */
const why = (node: NodeView): string => {
  if (node.state === "cached") return node.savedSeconds > 0 ? `saved ${duration(node.savedSeconds)}` : ""
  if (node.state === "failed" && node.failure !== undefined)
    return harmlessLines(node.failure.message)[0] ?? ""
  if (node.state === "skipped") return becauseText(node.reason ?? "not reached")
  const attempts = node.attempts > 1 ? `attempt ${node.attempts}, ` : ""
  const unchanged = node.unchanged ? ", same artifact as before" : ""
  return `${attempts}${harmless(node.reason ?? "")}${unchanged}`
}

const metrics = (view: RunView, { style, width }: TextOptions): Array<string> => {
  const rows = view.nodes.flatMap((node) => {
    const names = [...new Set([...Object.keys(node.metrics), ...Object.keys(node.series)])]
    return names.map((name, index) => [
      index === 0 ? harmless(node.name) : "",
      harmless(name),
      number(finalValue(node, name)),
      bestText(name, node.series[name] ?? []),
      sparkline(
        (node.series[name] ?? []).map(([, value]) => value),
        24
      )
    ])
  })
  if (rows.length === 0) return []
  const columns = [
    { head: "node", shrinkTo: 12 },
    { head: "metric", shrinkTo: 12 },
    { head: "value", align: "right" },
    { head: "best", align: "right" },
    { head: "curve", shrinkTo: 8 }
  ] as const
  return [style.bold("metrics"), ...table(columns, rows, { width, indent: "  ", head: style.dim })]
}

const finalValue = (node: NodeView, name: string): number =>
  node.metrics[name] ?? node.series[name]?.at(-1)?.[1] ?? Number.NaN

/** The best value of a curve and its step, where the last one is not the best. */
const bestText = (name: string, points: ReadonlyArray<readonly [step: number, value: number]>): string => {
  const last = points.at(-1)
  const best = points.reduce<typeof last>(
    (best, point) => (best === undefined || isBetter(name, point[1], best[1]) ? point : best),
    undefined
  )
  return best === undefined || best[1] === last?.[1] || !isBetter(name, best[1], last?.[1] ?? Number.NaN)
    ? ""
    : `${number(best[1])} at ${best[0]}`
}

/** Messages in full and their hints; the table had room for the beginning only. */
const failures = (view: RunView, { style }: TextOptions): Array<string> => {
  const failed = view.nodes.filter((node) => node.state === "failed")
  const lines: Array<string> = []
  for (const { name, failure } of failed) {
    if (failure === undefined) continue
    if (lines.length > 0) lines.push("")
    const [first = "", ...rest] = harmlessLines(failure.message)
    lines.push(
      `${stateWord(style, "fail")}  ${harmless(name)}  ${first}`,
      ...rest.map((line) => `      ${line}`)
    )
    if (failure.stack !== undefined) {
      lines.push(...harmlessLines(failure.stack).map((line) => style.dim(`      ${line.trim()}`)))
    }
    if (failure.hint !== undefined) lines.push("", `${style.cyan("hint:")} ${harmless(failure.hint)}`)
  }
  return lines
}

const summaryOfView = ({ counts, seconds, savedSeconds, total }: RunView): string => {
  const { cached, ran, failed, interrupted } = counts
  // Nodes still at work are nobody's loss yet: they are told apart by the header's state.
  const notStarted = total - cached - ran - failed - interrupted - counts.running
  return summary({
    cached,
    ran,
    failed,
    interrupted,
    notStarted,
    seconds,
    savedSeconds,
    running: counts.running
  })
}
