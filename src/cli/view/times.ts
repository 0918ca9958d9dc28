/** `pipeline times`: where a run's time went, stage by stage. */
import type { NodeView, RunView } from "../../track/run-view.ts"
import { duration, plural } from "./format.ts"
import type { TextOptions } from "./show.ts"
import { table } from "./table.ts"
import { harmless } from "./text.ts"

/** Seconds that a node took, or once took where it was cached; undefined where it was not computed to its end. */
const secondsOf = ({ state, seconds, savedSeconds }: NodeView): number | undefined =>
  state === "ran" ? seconds : state === "cached" ? savedSeconds : undefined

/** Seconds by node. */
export const timesOf = ({ nodes }: RunView): { readonly [node: string]: number } =>
  Object.fromEntries(
    nodes.flatMap((node) => {
      const seconds = secondsOf(node)
      return seconds === undefined ? [] : [[node.name, seconds] as const]
    })
  )

export const timesText = (view: RunView, { style, width }: TextOptions): string => {
  const timed = view.nodes.flatMap((node) => {
    const seconds = secondsOf(node)
    return seconds === undefined ? [] : [{ name: node.name, stage: node.stage ?? "unknown", seconds }]
  })
  const total = sum(timed)
  const rows = [...Map.groupBy(timed, ({ stage }) => stage)]
    .map(([stage, nodes]) => ({ stage, nodes, seconds: sum(nodes) }))
    .sort((a, b) => b.seconds - a.seconds || (a.stage < b.stage ? -1 : 1))
    .map(({ stage, nodes, seconds }) => {
      const longest = nodes.reduce((most, node) => (node.seconds > most.seconds ? node : most))
      return [
        harmless(stage),
        `${nodes.length}`,
        duration(seconds),
        total > 0 ? shareText(seconds / total) : "",
        duration(seconds / nodes.length),
        duration(longest.seconds),
        harmless(longest.name)
      ]
    })
  const columns = [
    { head: "stage", shrinkTo: 8 },
    { head: "nodes", align: "right" },
    { head: "took", align: "right" },
    { head: "share", align: "right" },
    { head: "each", align: "right" },
    { head: "longest", align: "right" },
    { head: "which", shrinkTo: 8 }
  ] as const
  const cached = view.nodes.filter(({ state }) => state === "cached").length
  const note = cached === 0 ? "" : `; ${cached} of them cached, and counted as when they were computed`
  return [
    ...table(columns, rows, { width, head: style.dim }),
    "",
    `${plural(timed.length, "node")} took ${duration(total)} one after the other${note}`,
    ""
  ].join("\n")
}

const sum = (nodes: ReadonlyArray<{ readonly seconds: number }>): number =>
  nodes.reduce((total, { seconds }) => total + seconds, 0)

const shareText = (share: number): string => (share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`)
