/** How much of a study's size a run has, in words and in numbers. */
import type { Remarks } from "../../src/stage/index.ts"
import { workTable } from "../../stages/work-table.ts"

/** What was cut against the study, in words, for titles. */
export const cutText = (parts: ReadonlyArray<string | undefined>): string => {
  const cut = parts.filter((text) => text !== undefined)
  return cut.length === 0 ? nothingCut : `cut: ${cut.join(", ")}`
}

const nothingCut = "nothing cut"

export const less = (what: string, here: number, there: number): string | undefined =>
  here < there ? `${here} of ${there} ${what}` : undefined

/** A part of the work: an epoch of n images is n, an attack of k steps on an image k. */
export interface Work<Params> {
  readonly what: string
  readonly amount: (params: Params) => number
  /** What a core of 2024 does of it in a second with the engine `onnx`: an order of magnitude. */
  readonly perSecond: number
}

/** An estimate in hours of one core. */
export const coreHours = <Params>(work: ReadonlyArray<Work<Params>>, params: Params): number =>
  work.reduce((sum, { amount, perSecond }) => sum + amount(params) / perSecond, 0) / 3600

/** What a run costs, and when it is done, what it has cut and what the study's size would cost. */
export const remarksOf = <Params>(
  work: ReadonlyArray<Work<Params>>,
  given: { readonly params: Params; readonly paper: Params; readonly size: string }
): Remarks => {
  const { params, paper, size } = given
  const before = `from an empty store this takes about ${timeText(coreHours(work, params))} of one core like those of 2024`
  if (size.endsWith(nothingCut)) return { before }
  const full = `\`--preset paper\` cuts nothing and takes about ${timeText(coreHours(work, paper))} of one core`
  return { before, after: `${size}. ${full}` }
}

const timeText = (hours: number): string =>
  hours < 2 ? `${Math.ceil(60 * hours)} min` : `${Math.round(hours)} h`

/** The node that says how much work a run is beside the study's size. */
export const workNode = <Params>(
  work: ReadonlyArray<Work<Params>>,
  given: { readonly params: Params; readonly paper: Params; readonly size: string }
) => {
  const { params, paper, size } = given
  return workTable(
    {},
    {
      title: `Work; ${size}`,
      fullSize: "paper",
      rows: work.map(({ what, amount }) => ({ what, here: amount(params), full: amount(paper) })),
      coreHours: { here: coreHours(work, params), full: coreHours(work, paper) }
    }
  )
}
