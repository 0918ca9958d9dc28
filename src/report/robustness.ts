/** Which model withstands most, and whom transfer flatters: in sentences, from a run's sweeps. */
import type { Sweep } from "../artifact/kinds/sweep.ts"
import { accuracyAt } from "../tensor/evaluation/accuracy.ts"
import { count } from "../text/format.ts"
import type { NodeView } from "../track/run-node.ts"
import type { ReportRun } from "./report-run.ts"
import { percent } from "./table-html.ts"

/** With so much of the pixel range any image can be made grey, and no robustness is left to be told apart. */
const grey = 0.5

/** Transfer flatters from so much on. */
const flattering = 0.05

interface Measured {
  /** Its node, or where that is not known its name. */
  readonly model: string
  readonly called: string
  /** Its first word: steps and their sizes may differ where images are made once for all models. */
  readonly attack: string
  readonly source: Sweep["source"]
  readonly epsilon: number
  readonly accuracy: number
  readonly standardError: number
  readonly count: number
}

/**
 * One sentence or two for each study in the run.
 *
 * Of a model whose checks failed nothing is said: its attacks may be too weak. Where a run has checks at all, the same holds for
 * models that were not checked. Studies, told apart by the first part of their nodes' names, are not compared with each other.
 */
export const robustness = (run: ReportRun): ReadonlyArray<string> => {
  const checks = run.view.nodes.filter(({ stage }) => stage === "hygiene")
  const passed = new Set(
    checks
      // A single step that is beaten says nothing against the worst of all attacks.
      .filter(({ metrics }) => metrics["checks_failed"] === (metrics["single_step_checks_failed"] ?? 0))
      .flatMap((node) => [modelOf(node)])
      .filter((model) => model !== undefined)
  )
  const isChecked = (model: string) => checks.length === 0 || passed.has(model)
  const measured = run.sweeps
    .filter(({ node, value }) => isChecked(modelOf(node) ?? calledIn(value.title).called))
    .map(({ node, value }) => ({ study: node.name.split("/")[0] ?? "", points: pointsOf(node, value) }))
  // A study's faithful and corrected columns have one model and one data set in common.
  const isOne = run.view.nodes.some(({ name }) => name === "test")
  const studies = Map.groupBy(measured, ({ study }) => (isOne ? "" : study))
  return [...studies].flatMap(([study, sweeps]) => {
    const sentences = toldOf(sweeps.flatMap(({ points }) => points))
    return studies.size === 1 || study === "" ? sentences : sentences.map((each) => `${study}: ${each}`)
  })
}

const modelOf = ({ inputs = {} }: NodeView): string | undefined =>
  typeof inputs["model"] === "string" ? inputs["model"] : undefined

/** Sweeps are called `<model> under <attack>, <settings>`; those of others' images `<model> under transferred <attack>, …`. */
const calledIn = (title: string): { readonly called: string; readonly attack: string } => {
  const at = title.indexOf(" under ")
  return at === -1
    ? { called: title, attack: "" }
    : { called: title.slice(0, at), attack: /^(?:transferred )?([^,]*)/.exec(title.slice(at + 7))?.[1] ?? "" }
}

const pointsOf = (node: NodeView, { title, source, points }: Sweep): ReadonlyArray<Measured> => {
  const { called, attack } = calledIn(title)
  return points.flatMap((point) => {
    const { accuracy, standardError, count } = accuracyAt(point)
    const { epsilon } = point
    return count === 0 || epsilon === 0 || epsilon >= grey
      ? []
      : [{ model: modelOf(node) ?? called, called, attack, source, epsilon, accuracy, standardError, count }]
  })
}

const toldOf = (measured: ReadonlyArray<Measured>): ReadonlyArray<string> => {
  const whiteBox = measured.filter(({ source }) => source === "white-box")
  const byEpsilon = [...Map.groupBy(whiteBox, ({ epsilon }) => epsilon)]
  const [epsilon, at] = byEpsilon.toSorted(([a, ofA], [b, ofB]) => ofB.length - ofA.length || b - a)[0] ?? []
  if (epsilon === undefined || at === undefined) return []
  const models = [...Map.groupBy(at, ({ model }) => model)]
  const called = (model: string): string => {
    const name = measured.find((each) => each.model === model)?.called ?? model
    const namesakes = new Set(measured.filter((each) => each.called === name).map((each) => each.model))
    return namesakes.size > 1 ? `${name} (${model})` : name
  }
  const [best, next] = models
    .map(([, each]) => each.reduce((least, other) => (other.accuracy < least.accuracy ? other : least)))
    .sort((a, b) => b.accuracy - a.accuracy)
  if (best === undefined) return []
  const where = `At ε ${Number(epsilon.toPrecision(3))}`
  const second =
    next === undefined ? "" : `; next is ${called(next.model)} with ${percent(next.accuracy)} ${error(next)}`
  return [
    best.accuracy === 0
      ? `${where}, the white-box attacks that were made leave nothing of any model.`
      : `${where}, the worst of the white-box attacks that were made leaves most to ${called(best.model)}: ${percent(best.accuracy)} ${error(best)} of ${count(best.count)} images${second}.`,
    ...flatteredIn(measured, epsilon).map(
      ({ model, attack, own, other }) =>
        `Transfer flatters: of images made against another model by ${attack}, ${called(model)} recognises ${percent(other)} at ε ${Number(epsilon.toPrecision(3))}, of those made against itself ${percent(own)}.`
    )
  ]
}

/** One standard error, in points of a percent. */
const error = ({ standardError }: Measured): string => `± ${(100 * standardError).toFixed(1)}`

/** The model that the same attack leaves most on images of another model, compared with its own. */
const flatteredIn = (measured: ReadonlyArray<Measured>, epsilon: number) =>
  measured
    .filter((each) => each.source === "transfer" && each.epsilon === epsilon)
    .flatMap(({ model, attack, accuracy: other }) => {
      const same = measured.filter(
        (each) =>
          each.source === "white-box" &&
          each.model === model &&
          each.attack === attack &&
          each.epsilon === epsilon
      )
      const own = Math.min(...same.map((each) => each.accuracy))
      return same.length === 0 || other - own < flattering ? [] : [{ model, attack, own, other }]
    })
    .sort((a, b) => b.other - b.own - (a.other - a.own))
    .slice(0, 1)
