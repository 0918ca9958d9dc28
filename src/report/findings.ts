/** What a run's own numbers say, in sentences: what to conclude before one reads the tables. */
import type { Sweep } from "../artifact/kinds/sweep.ts"
import { accuracyAt } from "../tensor/evaluation/accuracy.ts"
import type { ReportRun } from "./report-run.ts"
import { percent } from "./table-html.ts"

export const findings = (run: ReportRun): ReadonlyArray<string> => [
  ...comparisons(run),
  ...robustness(run),
  ...checks(run)
]

/** From a published accuracy on so few images, so much is chance. */
const near = 0.05

/** Tables with a column `published` and one `faithful − published`. */
const comparisons = (run: ReportRun): ReadonlyArray<string> =>
  run.tables.flatMap(({ value: { columns, rows } }) => {
    const place = columns.findIndex(({ name }) => name === "faithful − published")
    if (place === -1) return []
    const found = rows.flatMap((row) => {
      const difference = row[place]
      return typeof difference === "number" ? [{ row, difference }] : []
    })
    if (found.length === 0) return []
    const close = found.filter(({ difference }) => Math.abs(difference) <= near).length
    const root = Math.sqrt(found.reduce((sum, { difference }) => sum + difference ** 2, 0) / found.length)
    const farthest = found.reduce((a, b) => (Math.abs(b.difference) > Math.abs(a.difference) ? b : a))
    const [what, epsilon] = farthest.row
    return [
      `Of ${found.length} published accuracies, the faithful repetition comes within ${100 * near} points of ${close}; the root mean square difference is ${(100 * root).toFixed(1)} points. Farthest is ${String(what)} at ε ${String(epsilon)}: ${(100 * Math.abs(farthest.difference)).toFixed(1)} points ${farthest.difference < 0 ? "below" : "above"}.`
    ]
  })

interface Measured {
  readonly model: string
  readonly source: Sweep["source"]
  readonly epsilon: number
  readonly accuracy: number
}

const measuredIn = (run: ReportRun): ReadonlyArray<Measured> =>
  run.sweeps.flatMap(({ value: { title, source, points } }) => {
    const at = title.indexOf(" under ")
    if (at === -1) return []
    return points.flatMap((point) => {
      const { accuracy, count } = accuracyAt(point)
      return count === 0 || point.epsilon === 0
        ? []
        : [{ model: title.slice(0, at), source, epsilon: point.epsilon, accuracy }]
    })
  })

/** With so much of the pixel range any image can be made grey, and no robustness is left to be told apart. */
const grey = 0.5

/** Who withstands the worst of the attacks, and whom transfer flatters, at the epsilon at which most is known. */
const robustness = (run: ReportRun): ReadonlyArray<string> => {
  const measured = measuredIn(run).filter(({ epsilon }) => epsilon < grey)
  const whiteBox = measured.filter(({ source }) => source === "white-box")
  const byEpsilon = [...Map.groupBy(whiteBox, ({ epsilon }) => epsilon)]
  const [epsilon] = byEpsilon
    .toSorted(([a, ofA], [b, ofB]) => ofB.length - ofA.length || b - a)
    .map(([each]) => each)
  if (epsilon === undefined) return []
  const at = whiteBox.filter((each) => each.epsilon === epsilon)
  const worst = Array.from(
    Map.groupBy(at, ({ model }) => model),
    ([model, each]) => ({ model, accuracy: Math.min(...each.map(({ accuracy }) => accuracy)) })
  ).sort((a, b) => b.accuracy - a.accuracy)
  const [best, next] = worst
  if (best === undefined) return []
  const second = next === undefined ? "" : `; next is ${next.model} with ${percent(next.accuracy)}`
  const flattered = worst
    .flatMap(({ model, accuracy }) => {
      const others = measured.filter(
        (each) => each.source === "transfer" && each.model === model && each.epsilon === epsilon
      )
      return others.length === 0
        ? []
        : [{ model, own: accuracy, other: Math.max(...others.map((each) => each.accuracy)) }]
    })
    .sort((a, b) => b.other - b.own - (a.other - a.own))[0]
  return [
    `At ε ${epsilon}, the worst of the white-box attacks that were made leaves most to ${best.model}: ${percent(best.accuracy)} of the images${second}.`,
    ...(flattered === undefined || flattered.other - flattered.own < near
      ? []
      : [
          `Transfer flatters: of images made against another model ${flattered.model} recognises ${percent(flattered.other)} at ε ${epsilon}, of those made against itself ${percent(flattered.own)}.`
        ])
  ]
}

const checks = (run: ReportRun): ReadonlyArray<string> => {
  const nodes = run.view.nodes.filter(
    ({ stage, metrics }) => stage === "hygiene" && metrics["checks_failed"] !== undefined
  )
  if (nodes.length === 0) return []
  const failed = nodes.filter(({ metrics }) => (metrics["checks_failed"] ?? 0) > 0)
  return [
    failed.length === 0
      ? `All checks of the numbers passed, for each of ${nodes.length} models: the attacks are not obviously too weak.`
      : `Checks failed for ${failed.length} of ${nodes.length} models; their accuracies may say more of a weak attack than of a robust model.`
  ]
}
