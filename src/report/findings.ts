/** What a run's own numbers say, in sentences: what to conclude before one reads the tables. */
import type { NodeView } from "../track/run-node.ts"
import type { ReportRun } from "./report-run.ts"
import { robustness } from "./robustness.ts"
import { isGenerated, sizesOf } from "./size-of-run.ts"

export const findings = (run: ReportRun): ReadonlyArray<string> => [
  ...sizes(run),
  ...comparisons(run),
  ...robustness(run),
  ...checks(run)
]

/** What is not the study's, before anything is compared with it. */
const sizes = (run: ReportRun): ReadonlyArray<string> =>
  sizesOf(run.tables).flatMap((size) => {
    const { study, text } = size
    const where = study === "" ? "" : `${study}: `
    if (isGenerated(size))
      return [
        `${where}No number here can be compared with a published one; the run shows that its parts work: ${text}.`
      ]
    return text.includes("cut: ") ? [`${where}The study's size is not reached; ${text}.`] : []
  })

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
    const study = node.name.includes("/") ? node.name.split("/")[0] : ""
    const isOther = sizesOf(run.tables).some((size) => size.study === study && isGenerated(size))
    const isOneOfMany = all.some(
      (other) => other.node.name !== node.name && other.node.stage === node.stage && node.stage === "compare"
    )
    return [
      `${isOneOfMany ? `${node.name}: ` : ""}${isOther ? "On generated data: of" : isOneOfMany ? "of" : "Of"} ${found.length} published accuracies, the faithful repetition comes within ${100 * near} points of ${close}; the root mean square difference is ${(100 * root).toFixed(1)} points. Farthest is ${String(what)} at ε ${String(epsilon)}: ${(100 * Math.abs(farthest.difference)).toFixed(1)} points ${farthest.difference < 0 ? "below" : "above"}.`
    ]
  })

const checks = (run: ReportRun): ReadonlyArray<string> => {
  const nodes = run.view.nodes.filter(
    ({ stage, metrics }) => stage === "hygiene" && metrics["checks_failed"] !== undefined
  )
  if (nodes.length === 0) return []
  // What fails of a single step alone leaves the iterative attack's numbers as they are.
  const ofSingleStep = ({ metrics }: NodeView) => metrics["single_step_checks_failed"] ?? 0
  const failed = nodes.filter((node) => (node.metrics["checks_failed"] ?? 0) > ofSingleStep(node))
  const masked = nodes.filter((node) => ofSingleStep(node) > 0).length
  return [
    failed.length > 0
      ? `Checks failed for ${failed.length} of ${nodes.length} models; their accuracies may say more of a weak attack than of a robust model.`
      : `All checks of the ${masked > 0 ? "iterative attacks' " : ""}numbers passed, for each of ${nodes.length} models: the attacks are not obviously too weak.`,
    ...(masked === 0
      ? []
      : [
          `A single step leaves more than noise, or more than another model's images, at some ε of ${masked} of ${nodes.length} models, which hide their gradient from it: there its accuracies say nothing of robustness.`
        ])
  ]
}
