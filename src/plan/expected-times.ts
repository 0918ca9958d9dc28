/** What each node of a plan may take, from what is known before it runs. */
import type { ElaboratedNode, Elaboration } from "./elaboration.ts"
import { type LastRun, lastNode } from "./last-run.ts"
import { dependenciesOf } from "./order.ts"
import type { TimesByPreset } from "./times-file.ts"

/**
 * Where an expectation comes from.
 *
 * - `same`: this machine, this work.
 * - `elsewhere`: this work, on a machine that may be faster or slower.
 * - `other work`: with other params, such as those of another preset, so that only the proportions may hold.
 */
export type Basis = "same" | "elsewhere" | "other work"

export interface Expectation {
  readonly seconds: number
  readonly basis: Basis
}

/** By node; nothing for one of which nobody knows anything. */
export type ExpectedTimes = (node: string) => Expectation | undefined

/** The best that is known of each node: the last run of the same work, else the file beside the pipeline, else the last run. */
export const expectedTimes = (
  elaboration: Elaboration,
  last: LastRun,
  file: TimesByPreset
): ExpectedTimes => {
  const unchanged = unchangedNodes(elaboration.nodes, last)
  const here = Object.hasOwn(file, elaboration.preset) ? file[elaboration.preset]?.seconds : undefined
  const others = Object.entries(file).flatMap(([preset, { seconds }]) =>
    preset === elaboration.preset ? [] : [seconds]
  )
  return (node) => {
    const before = lastNode(last, node)?.seconds
    if (before !== undefined && unchanged.has(node)) return { seconds: before, basis: "same" }
    const elsewhere = own(here, node)
    if (elsewhere !== undefined) return { seconds: elsewhere, basis: "elsewhere" }
    const other = before ?? others.map((times) => own(times, node)).find((seconds) => seconds !== undefined)
    return other === undefined ? undefined : { seconds: other, basis: "other work" }
  }
}

const own = (times: { readonly [node: string]: number } | undefined, node: string): number | undefined =>
  times !== undefined && Object.hasOwn(times, node) ? times[node] : undefined

/** Nodes that, with all that they depend on, have the params of the last run; its code may have changed. */
const unchangedNodes = (nodes: ReadonlyArray<ElaboratedNode>, last: LastRun): ReadonlySet<string> => {
  const unchanged = new Set<string>()
  for (const { name, params, inputs } of nodes) {
    const before = lastNode(last, name)
    if (before === undefined || JSON.stringify(before.params) !== JSON.stringify(params)) continue
    if (dependenciesOf(inputs).every((input) => unchanged.has(input))) unchanged.add(name)
  }
  return unchanged
}
