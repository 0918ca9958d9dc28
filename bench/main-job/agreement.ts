/** Whether both sides found the same: a fast run of something else would be worth nothing. */
import type { Node } from "./job.ts"
import type { Accuracies } from "./peer.ts"

export interface Agreement {
  /** Accuracies that both sides have, and those that only one has. */
  readonly compared: number
  readonly missing: number
  /** Mean over all of ours minus theirs, and of its absolute value. */
  readonly bias: number
  readonly distance: number
  readonly largest: { readonly where: string; readonly ours: number; readonly theirs: number }
}

const prefix = "accuracy_epsilon_"

/** Our accuracies, out of the metrics of sweeps and of clean evaluations. */
const accuraciesOf = (nodes: ReadonlyArray<Node>): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (const { name, stage, metrics } of nodes)
    for (const [metric, value] of Object.entries(metrics)) {
      if (stage === "evaluate" && metric === "accuracy") found.set(place(name, 0), value)
      if (metric.startsWith(prefix)) found.set(place(name, Number(metric.slice(prefix.length))), value)
    }
  return found
}

const place = (node: string, epsilon: number): string => `${node} at epsilon ${epsilon}`

export const agreement = (nodes: ReadonlyArray<Node>, peer: Accuracies): Agreement => {
  const mine = accuraciesOf(nodes)
  const theirs = new Map(
    Object.entries(peer).flatMap(([node, points]) =>
      points.map(([epsilon, accuracy]) => [place(node, epsilon), accuracy] as const)
    )
  )
  const pairs = [...mine].flatMap(([where, ours]) => {
    const other = theirs.get(where)
    return other === undefined ? [] : [{ where, ours, theirs: other }]
  })
  const mean = (of: (pair: (typeof pairs)[number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length
  const gap = (pair: (typeof pairs)[number]): number => Math.abs(pair.ours - pair.theirs)
  const largest = pairs.toSorted((a, b) => gap(b) - gap(a))[0]
  return {
    compared: pairs.length,
    missing: mine.size + theirs.size - 2 * pairs.length,
    bias: mean(({ ours, theirs }) => ours - theirs),
    distance: mean(gap),
    largest: largest ?? { where: "nothing", ours: Number.NaN, theirs: Number.NaN }
  }
}
