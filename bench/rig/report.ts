/** What benchmarks say: tables and targets for people, one line of JSON for each comparison. */
import type { Spread } from "./spread.ts"

/** A figure of ours beside somebody else's. */
export interface Comparison {
  readonly bench: string
  readonly ours: number
  readonly peer: number
  readonly peerName: string
  readonly unit: Unit
  /** What else belongs to it, for its line of JSON. */
  readonly facts?: { readonly [name: string]: string | number }
}

/** `ms`, `s`, `MB` and `%`: less is better. `MB/s`, `images/s` and `points/s`: more is better. */
export type Unit = "ms" | "s" | "MB" | "%" | "MB/s" | "images/s" | "points/s"

export interface Target {
  readonly what: string
  readonly measured: number
  readonly limit: number
  readonly better: "less" | "more"
  readonly unit: string
}

export interface Report {
  heading(text: string): void
  note(text: string): void
  /** A row of a table: whose it is, and how long it took. */
  row(name: string, spread: Spread, unit: Unit): void
  compare(comparison: Comparison): void
  /** Something that this machine does not have. Loud: a figure that is missing must not look like one that is good. */
  skip(what: string, why: string): void
  target(target: Target): void
}

/** @param json comparisons on standard output, everything else on standard error */
export const makeReport = (json: boolean): Report => {
  const say = (text: string): void => (json ? console.error(text) : console.log(text))
  return {
    heading: (text) => say(`\n${text}\n`),
    note: (text) => say(`  ${text}`),
    row: (name, spread, unit) => say(`  ${name.padEnd(34)} ${told(spread, unit)}`),
    compare: (comparison) => {
      const { facts, ...figures } = comparison
      const { ours, peer, unit } = figures
      const ratio = unit.endsWith("/s") ? ours / peer : peer / ours
      const digits = (value: number): number => Number(value.toPrecision(4))
      if (json)
        console.log(
          JSON.stringify({
            ...figures,
            ours: digits(ours),
            peer: digits(peer),
            ratio: digits(ratio),
            ...facts
          })
        )
      else say(`  ${`  against ${comparison.peerName}`.padEnd(34)} ${ratio.toFixed(2)} times`)
    },
    skip: (what, why) => say(`  SKIPPED ${what}: ${why}`),
    target: ({ what, measured, limit, better, unit }) => {
      const met = better === "less" ? measured <= limit : measured >= limit
      const bound = `${better === "less" ? "at most" : "at least"} ${limit}${unit}`
      say(`  ${met ? "ok    " : "MISSED"} ${what}: ${short(measured)}${unit}, wanted ${bound}`)
    }
  }
}

const short = (value: number): string => String(Number(value.toPrecision(3)))

const told = ({ median, min, max, count }: Spread, unit: string): string =>
  `${short(median).padStart(7)} ${unit.padEnd(4)} (${short(min)}..${short(max)}, ${count} runs)`
