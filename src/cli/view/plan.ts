/** `pipeline plan`: the nodes in order, what would become of each, and why. */
import { duration } from "./format.ts"
import { type Style, stateWord } from "./style.ts"
import { table } from "./table.ts"
import { harmless } from "./text.ts"

export interface PlannedDecision {
  readonly node: string
  readonly stage: string
  readonly decision: "cached" | "run" | "maybe"
  readonly reason: string
  readonly seconds: number | null
}

export const planText = (
  {
    pipeline,
    preset,
    decisions,
    remark
  }: {
    readonly pipeline: string
    readonly preset: string
    readonly decisions: ReadonlyArray<PlannedDecision>
    /** What the pipeline has to say before it runs. */
    readonly remark?: string | undefined
  },
  { style, width }: { readonly style: Style; readonly width: number | undefined }
): string => {
  const rows = decisions.map(({ node, decision, seconds, reason }) => [
    stateWord(style, decision),
    harmless(node),
    seconds === null ? "" : duration(seconds),
    harmless(reason)
  ])
  const lines = table(
    [
      { head: "state" },
      { head: "node", shrinkTo: 12 },
      { head: "took", align: "right" },
      { head: "why", shrinkTo: 20 }
    ],
    rows,
    { width }
  )
  const head = `${style.bold(harmless(pipeline))}, preset ${harmless(preset)}: ${decisions.length} nodes`
  const said = remark === undefined ? [] : ["", harmless(remark)]
  return `${[head, "", ...lines, "", totals(decisions), ...said].join("\n")}\n`
}

/** `12 cached, 3 run, 2 maybe; about 4m 10s of computing, as far as is known`. */
const totals = (decisions: ReadonlyArray<PlannedDecision>): string => {
  const count = (word: PlannedDecision["decision"]) =>
    decisions.filter(({ decision }) => decision === word).length
  const counts = (["cached", "run", "maybe"] as const)
    .filter((word) => count(word) > 0)
    .map((word) => `${count(word)} ${word}`)
  const known = decisions.filter(({ decision, seconds }) => decision !== "cached" && seconds !== null)
  const seconds = known.reduce((sum, each) => sum + (each.seconds ?? 0), 0)
  return `${counts.join(", ")}${known.length === 0 ? "" : `; the last time these took ${duration(seconds)}`}`
}
