/**
 * `report`: how long does `pipeline report` take, and how large is its page, for a run as large as all five studies in full?
 *
 * A run of `studies`, preset `paper`, with all its nodes, epsilons, seeds, epochs and figures, but on generated images, some hundred where
 * the studies have tens of thousands, and with attacks of one step: what a report costs does not depend on how long its numbers took.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { paper } from "../pipelines/studies/presets.ts"
import { smallSets } from "./report/small.ts"
import type { Bench } from "./rig/bench.ts"
import { pipeline } from "./rig/ours.ts"
import type { Report } from "./rig/report.ts"
import { discard, scratch } from "./rig/scratch.ts"
import { spreadOf } from "./rig/spread.ts"

const root = join(import.meta.dirname, "..")
const defaultRounds = 5

export const reportPage: Bench = {
  name: "report",
  run: async (report, { rounds = defaultRounds }) => {
    report.heading("report: a run of `studies` as large as its preset `paper`")
    const store = scratch("report")
    try {
      const sets = smallSets(paper).flatMap((set) => ["--set", set])
      const { seconds } = pipeline(root, ["run", "studies", "--preset", "paper", ...sets, "--store", store])
      report.note(`the run took ${(seconds / 60).toFixed(1)} min`)
      measure(report, store, rounds)
    } finally {
      discard(store)
    }
  }
}

const measure = (report: Report, store: string, rounds: number): void => {
  const file = join(store, "report.html")
  const words = ["report", "last", "--notes", join(root, "docs", "notes"), "--store", store, "--output", file]
  const taken = Array.from({ length: rounds }, () => pipeline(root, words).seconds)
  const megabytes = statSync(file).size / 1e6
  const figures = readFileSync(file, "utf8").split("<figure").length - 1
  report.note(`${nodesIn(store)} nodes, ${figures} figures, ${megabytes.toFixed(2)} MB`)
  const spread = spreadOf(taken)
  report.row("whole process", spread, "s")
  report.target({ what: "whole process", measured: spread.median, limit: 3, better: "less", unit: " s" })
  report.target({ what: "size of the page", measured: megabytes, limit: 5, better: "less", unit: " MB" })
}

/** As the run's journal begins. */
const nodesIn = (store: string): number => {
  const [id = ""] = readdirSync(join(store, "runs"))
  const [first = ""] = readFileSync(join(store, "runs", id, "journal.jsonl"), "utf8").split("\n", 1)
  const { nodes }: { readonly nodes: number } = JSON.parse(first)
  return nodes
}
