/**
 * `engine`: how fast do tensor programs run, beside PyTorch on the same cores?
 *
 * Training, evaluating and attacking the studies' networks in batches of 128, on one core and on two. Each side is a process of
 * its own that is held to its cores, and they work in turns. Both pay for a fresh batch each time, out of images in memory,
 * and ours for dropout masks and the copies in and out of ONNX Runtime. A ratio is that of the best rounds, which
 * other work on the machine disturbed least; that of the medians stands beside it.
 */
import { availableParallelism, loadavg } from "node:os"
import { join } from "node:path"
import { type Bounds, batchSize, type Case, caseName, cases, coresText, NetworkName } from "./engine/cases.ts"
import { tellFirstRun } from "./engine/first-run.ts"
import type { Side } from "./engine/measured-process.ts"
import { canPin } from "./engine/pin.ts"
import { measureCase, type Rates } from "./engine/rounds.ts"
import { tellProfile } from "./engine/tell-profile.ts"
import { torch } from "./engine/torch.ts"
import type { Bench, Settings } from "./rig/bench.ts"
import type { Report } from "./rig/report.ts"

const rounds = 5
const seconds = 2

const ours: Side = {
  name: "ours",
  command: (work) => [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    join(import.meta.dirname, "engine", "our-process.ts"),
    work
  ]
}

/** A ratio for the table at the end. */
interface Row {
  readonly name: string
  readonly bounds: Bounds | undefined
  readonly best: number
  readonly median: number
}

export const engine: Bench = {
  name: "engine",
  run: async (report, settings) => {
    const threads = [1, 2].filter((count) => count <= availableParallelism())
    if (settings.profile !== undefined) return tellProfile(report, networkOf(settings.profile), threads)
    report.heading(`engine: tensor programs beside PyTorch, batches of ${batchSize}`)
    tellHindrances(report)
    const peers = torch(report, settings.tuned)
    const rows: Array<Row> = []
    for (const each of cases.filter((each) => caseName(each).includes(settings.only ?? "")))
      for (const count of threads) {
        try {
          rows.push(...(await compareCase(report, settings, peers, each, count)))
        } catch (error) {
          // The others are worth their time all the same.
          report.skip(
            `${caseName(each)}, ${coresText(count)}`,
            error instanceof Error ? error.message : String(error)
          )
          process.exitCode = 1
        }
      }
    tellTable(report, rows)
    tellFirstRun(report, threads.at(-1) ?? 1, settings.rounds ?? rounds)
  }
}

/** What makes figures worth less. */
const tellHindrances = (report: Report): void => {
  if (!canPin()) report.skip("holding each side to its cores", "this system has no `taskset`")
  const [load = 0] = loadavg()
  if (load > 0.5) report.note(`the machine is busy (load ${load.toFixed(1)}): such figures say little`)
}

const networkOf = (name: string): NetworkName => {
  const known = NetworkName.literals.find((each) => each === name)
  if (known !== undefined) return known
  throw new Error(`there is no network \`${name}\` to profile: ${NetworkName.literals.join(", ")}`)
}

const compareCase = async (
  report: Report,
  settings: Settings,
  peers: ReadonlyArray<Side>,
  each: Case,
  threads: number
): Promise<ReadonlyArray<Row>> => {
  report.note(`${caseName(each)}, ${coresText(threads)}`)
  const [mine, ...theirs] = await measureCase({
    sides: [ours, ...peers],
    case: each,
    threads,
    rounds: settings.rounds ?? rounds,
    seconds: settings.seconds ?? seconds
  })
  if (mine === undefined) throw new Error("nothing was measured")
  for (const { name, rate } of [mine, ...theirs]) report.row(`  ${name}`, rate, "images/s")
  const bounds = each.bounds(threads)
  for (const peer of theirs) {
    const facts = { case: caseName(each), threads, ...bounds, engine: mine.engine }
    compareRates(report, mine, peer, facts)
    if (each.task === "train") comparePeaks(report, mine, peer, facts)
  }
  return theirs.map((peer) => ({
    name: `${caseName(each)}, ${coresText(threads)}${theirs.length > 1 ? ` (${peer.name})` : ""}`,
    bounds: peer === theirs[0] ? bounds : undefined,
    best: mine.rate.max / peer.rate.max,
    median: mine.rate.median / peer.rate.median
  }))
}

type Facts = { readonly [name: string]: string | number }

const compareRates = (report: Report, mine: Rates, peer: Rates, facts: Facts): void =>
  report.compare({
    bench: "engine",
    ours: mine.rate.max,
    peer: peer.rate.max,
    peerName: nameOf(peer),
    unit: "images/s",
    facts: { ...facts, oursMedian: Math.round(mine.rate.median), peerMedian: Math.round(peer.rate.median) }
  })

const comparePeaks = (report: Report, mine: Rates, peer: Rates, facts: Facts): void => {
  report.note(
    `  memory at the peak: ${mine.peak.toFixed(0)} MB ours, ${peer.peak.toFixed(0)} MB ${peer.name}`
  )
  report.compare({
    bench: "engine-memory",
    ours: mine.peak,
    peer: peer.peak,
    peerName: nameOf(peer),
    unit: "MB",
    facts: { case: facts["case"] ?? "", threads: facts["threads"] ?? 0 }
  })
}

const nameOf = ({ name, engine }: Rates): string => (name.includes(",") ? `${engine}, tuned` : engine)

const tellTable = (report: Report, rows: ReadonlyArray<Row>): void => {
  if (rows.length === 0) return
  report.heading("engine: against PyTorch, same cores")
  const width = Math.max(...rows.map(({ name }) => name.length))
  const line = (name: string, cells: ReadonlyArray<string>): void =>
    report.note(`${name.padEnd(width)} ${cells.map((cell) => cell.padStart(7)).join(" ")}`)
  line("", ["must", "aim", "best", "median"])
  for (const { name, bounds, best, median } of rows) {
    const verdict =
      bounds === undefined ? "" : best >= bounds.aim ? "aim" : best >= bounds.must ? "must" : "MISSED"
    const wanted = [bounds?.must, bounds?.aim].map((bound) => bound?.toFixed(2) ?? "")
    line(name, [...wanted, best.toFixed(2), median.toFixed(2), verdict])
  }
}
