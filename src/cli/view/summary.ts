/** The last line of a run: how many nodes came to what, and what the cache saved. */
import { count, duration } from "./format.ts"

export interface Totals {
  readonly cached: number
  readonly ran: number
  readonly failed: number
  readonly interrupted: number
  /** Still at work, for a run that is alive. */
  readonly running?: number
  readonly notStarted: number
  readonly seconds: number
  readonly savedSeconds: number
}

/** `5 cached, 1 run, 1 failed, 1 not started in 6m 20s, saved 12m 03s` */
export const summary = (totals: Totals): string => {
  const parts = [
    [totals.cached, "cached"],
    [totals.ran, "run"],
    [totals.failed, "failed"],
    [totals.interrupted, "interrupted"],
    [totals.running ?? 0, "running"],
    [totals.notStarted, "not started"]
  ] as const
  const said = parts.filter(([n]) => n > 0).map(([n, word]) => `${count(n)} ${word}`)
  const nodes = said.length === 0 ? "no nodes" : said.join(", ")
  const saved = totals.savedSeconds > 0 ? `, saved ${duration(totals.savedSeconds)}` : ""
  return `${nodes} in ${duration(totals.seconds)}${saved}`
}
