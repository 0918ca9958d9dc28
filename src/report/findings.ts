/** What a run's own numbers say, in sentences: what to conclude before one reads the tables. */
import type { ReportRun } from "./report-run.ts"
import { robustness } from "./robustness.ts"

export const findings = (run: ReportRun): ReadonlyArray<string> => [
  ...comparisons(run),
  ...robustness(run),
  ...checks(run)
]

/** From a published accuracy on so few images, so much is chance. */
const near = 0.05

/** Tables with a column `published` and one `faithful − published`. */
const comparisons = (run: ReportRun): ReadonlyArray<string> =>
  run.tables.flatMap(({ node, value: { columns, rows } }, _, all) => {
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
    const isOneOfMany = all.some(
      (other) => other.node.name !== node.name && other.node.stage === node.stage && node.stage === "compare"
    )
    return [
      `${isOneOfMany ? `${node.name}: of` : "Of"} ${found.length} published accuracies, the faithful repetition comes within ${100 * near} points of ${close}; the root mean square difference is ${(100 * root).toFixed(1)} points. Farthest is ${String(what)} at ε ${String(epsilon)}: ${(100 * Math.abs(farthest.difference)).toFixed(1)} points ${farthest.difference < 0 ? "below" : "above"}.`
    ]
  })

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
