/**
 * `main-job`: the whole experiment, beside the same experiment written straight in PyTorch on the same cores.
 *
 * Ours is `pipeline run mnist-advtrain` with an empty store; then again, with nothing changed; then with one epsilon of a
 * sweep changed. Theirs gets the same params, and has to find roughly the same accuracies. Whole processes, one after the
 * other, once each: the job is long. Last comes the stage that generates adversarial images, beside the bare engine.
 */
import { availableParallelism, loadavg } from "node:os"
import { resolve as absolute, join } from "node:path"
import { coresText } from "./engine/cases.ts"
import { canPin } from "./engine/pin.ts"
import { findPython } from "./engine/torch.ts"
import { agreement } from "./main-job/agreement.ts"
import { measureGeneration } from "./main-job/generation.ts"
import { type Finished, type Job, pipeline, resolve, runJob, runWords } from "./main-job/job.ts"
import { type LostTime, lostOf, lostTime } from "./main-job/lost-time.ts"
import { dataFor, runPeer } from "./main-job/peer.ts"
import type { Bench, Settings } from "./rig/bench.ts"
import { countLines } from "./rig/command.ts"
import type { Report } from "./rig/report.ts"
import { discard, scratch } from "./rig/scratch.ts"
import { spreadOf } from "./rig/spread.ts"
import { expectCount } from "./rig/tool.ts"

/** How often the run is repeated that finds everything done. */
const idleRounds = 5

/** How many adversarial images are generated, where nothing else is said. */
const defaultImages = 300_000

type Facts = { readonly [name: string]: string | number }

export const mainJob: Bench = {
  name: "main-job",
  run: async (report, settings) => {
    const directory = scratch("main-job")
    try {
      const job = jobFrom(settings, join(directory, "store"))
      report.heading(`main-job: the whole experiment, preset ${job.preset}, ${coresText(job.cores)}`)
      tellHindrances(report, job)
      // In another store: planning leaves bundles behind, and the first run is to find nothing.
      const params = resolve({ ...job, store: join(directory, "plan") })
      const first = await tellFirst(report, job)
      const facts = {
        ...first.facts,
        ...tellIdle(report, job, first.finished),
        ...(await tellSweep(report, job, params.sweep.fgsm.epsilons))
      }
      await tellPeers(report, job, settings, { params: params.all, first: first.finished, directory, facts })
      await tellGeneration(report, params.network, settings.images ?? defaultImages)
    } finally {
      discard(directory)
    }
  }
}

const jobFrom = (settings: Settings, store: string): Job => {
  const given = settings.dataDirectory ?? process.env["PIPELINE_DATA_DIR"]
  const found = given === undefined || given === "" ? undefined : absolute(given)
  const preset = settings.preset ?? (found === undefined ? "demo" : "quick")
  if (preset !== "demo" && found === undefined)
    throw new Error(
      `preset ${preset} needs real MNIST: name its directory with --data-dir or PIPELINE_DATA_DIR`
    )
  return {
    preset,
    dataDirectory: preset === "demo" ? undefined : found,
    sets: settings.sets,
    store,
    cores: Math.min(2, availableParallelism())
  }
}

/** What makes figures worth less. */
const tellHindrances = (report: Report, job: Job): void => {
  if (!canPin()) report.skip("holding both sides to their cores", "this system has no `taskset`")
  const [load = 0] = loadavg()
  if (load > 0.5) report.note(`the machine is busy (load ${load.toFixed(1)}): such figures say little`)
  if (job.preset === "demo")
    report.note(
      "the targets are about `quick`, which needs --data-dir or PIPELINE_DATA_DIR; `demo` is mostly the start of stages"
    )
  if (job.sets.length > 0) report.note(`with ${job.sets.join(", ")}`)
}

const tellFirst = async (report: Report, job: Job) => {
  const finished = await runJob(job)
  const { watched, ran, nodes } = finished
  // Two nodes that do the same run once.
  const keys = new Set(ran.map(({ key }) => key))
  expectCount("nodes that did not run", nodes.filter(({ key }) => !keys.has(key)).length, 0)
  report.note(
    `empty store: ${watched.seconds.toFixed(1)} s, ${nodes.length} nodes, ${watched.peak.toFixed(0)} MB`
  )
  for (const [stage, { count, seconds }] of byStage(finished))
    report.note(`  ${seconds.toFixed(1).padStart(8)} s  ${stage} x${count}`)
  const lost = lostTime({ ...finished, seconds: watched.seconds, cores: job.cores })
  tellLost(report, lost)
  report.target({
    what: "time of the cores outside of stages",
    measured: (100 * lostOf(lost)) / lost.available,
    limit: 2,
    better: "less",
    unit: " %"
  })
  const facts: Facts = {
    preset: job.preset,
    cores: job.cores,
    peakMB: Math.round(watched.peak),
    outsideStages: lostOf(lost) / lost.available,
    startAndEnd: lost.startAndEnd / lost.available,
    nothingReady: lost.nothingReady / lost.available,
    readyAndIdle: lost.readyAndIdle / lost.available
  }
  return { finished, facts }
}

const tellLost = (report: Report, lost: LostTime): void => {
  const share = (seconds: number): number => (100 * seconds) / lost.available
  for (const [what, seconds] of [
    ["in stages", lost.inStages],
    ["before the first node and after the last", lost.startAndEnd],
    ["no node was ready: the graph's shape", lost.nothingReady],
    ["a node was ready, and a core idle", lost.readyAndIdle]
  ] as const)
    report.note(`  ${share(seconds).toFixed(1).padStart(8)} %  ${what}`)
}

/** The stages' seconds in all, the dearest first. */
const byStage = ({ ran }: Finished) => {
  const sums = new Map<string, { count: number; seconds: number }>()
  for (const { stage, seconds } of ran) {
    const known = sums.get(stage) ?? { count: 0, seconds: 0 }
    sums.set(stage, { count: known.count + 1, seconds: known.seconds + seconds })
  }
  return [...sums].toSorted(([, a], [, b]) => b.seconds - a.seconds)
}

const tellIdle = (report: Report, job: Job, { nodes }: Finished): Facts => {
  const again = spreadOf(
    Array.from({ length: idleRounds }, () => {
      const ended = pipeline(...runWords(job))
      expectCount("nodes that ran", countLines(ended.stderr, /^done /), 0)
      expectCount("cached nodes", countLines(ended.stderr, /^cached /), nodes.length)
      return ended.seconds * 1000
    })
  )
  report.row("again, nothing changed", again, "ms")
  report.target({
    what: "again, nothing changed",
    measured: again.median,
    limit: 200,
    better: "less",
    unit: " ms"
  })
  return { againMs: Math.round(again.median) }
}

/** Stages that another sweep must leave alone. */
const makers = ["train", "adversarial-train", "generate-adversarial", "combine"]

const tellSweep = async (report: Report, job: Job, epsilons: ReadonlyArray<number>): Promise<Facts> => {
  const changed = JSON.stringify(withAnotherLast(epsilons))
  const finished = await runJob({ ...job, sets: [...job.sets, `sweep.fgsm.epsilons=${changed}`] })
  const { watched, ran } = finished
  const made = ran.filter(({ stage }) => makers.includes(stage)).map(({ name }) => name)
  if (made.length > 0) throw new Error(`another epsilon of a sweep ran ${made.join(", ")}`)
  const lost = lostTime({ ...finished, seconds: watched.seconds, cores: job.cores })
  report.note(
    `another epsilon in a sweep: ${watched.seconds.toFixed(1)} s, ${ran.length} nodes, none of which train`
  )
  tellLost(report, lost)
  return { sweepSeconds: watched.seconds, sweepOutsideStages: lostOf(lost) / lost.available }
}

/** The last epsilon moved half-way to the one before. */
const withAnotherLast = (epsilons: ReadonlyArray<number>): ReadonlyArray<number> => {
  const [last = 0, before = 0] = epsilons.toReversed()
  return [...epsilons.slice(0, -1), (last + before) / 2]
}

const tellPeers = async (
  report: Report,
  job: Job,
  settings: Settings,
  given: {
    readonly params: Parameters<typeof runPeer>[0]["params"]
    readonly first: Finished
    readonly directory: string
    readonly facts: Facts
  }
): Promise<void> => {
  const python = findPython(report)
  if (python === undefined) return
  const data = dataFor(job, given.directory)
  for (const tuned of settings.tuned ? [false, true] : [false]) {
    const { watched, answer } = await runPeer({ python, params: given.params, data, cores: job.cores, tuned })
    const name = `PyTorch ${answer.torch}${tuned ? ", tuned" : ""}`
    report.note(
      `${name}: ${watched.seconds.toFixed(1)} s, ${watched.peak.toFixed(0)} MB, ${job.cores} processes`
    )
    for (const [part, seconds] of Object.entries(answer.parts))
      report.note(`  ${seconds.toFixed(1).padStart(8)} s  ${part}`)
    const { compared, missing, bias, distance, largest } = agreement(given.first.nodes, answer.accuracies)
    expectCount("accuracies that one side alone has", missing, 0)
    report.note(
      `  ${compared} accuracies: ours higher by ${bias.toFixed(3)} in the mean, ${distance.toFixed(3)} apart, at most at ${largest.where}: ${largest.ours.toFixed(3)}, theirs ${largest.theirs.toFixed(3)}`
    )
    const ours = given.first.watched.seconds
    report.compare({
      bench: "main-job",
      ours,
      peer: watched.seconds,
      peerName: name,
      unit: "s",
      facts: {
        ...given.facts,
        accuraciesApart: distance,
        accuraciesBias: bias,
        peerPeakMB: Math.round(watched.peak)
      }
    })
    report.target({
      what: `of ${name}'s time`,
      measured: ours / watched.seconds,
      limit: 0.7,
      better: "less",
      unit: ""
    })
  }
}

const tellGeneration = async (report: Report, network: string, images: number): Promise<void> => {
  report.heading(`main-job: generating ${images} FGSM images against ${network}, one core`)
  const { rate, peak, fgsm, attacker } = await measureGeneration(network, images)
  report.note(
    `by the stage, its start and the store among it: ${rate.toFixed(0)} images/s, ${peak.toFixed(0)} MB`
  )
  report.row("engine bench, fgsm", fgsm, "images/s")
  report.row("engine bench, attacker", attacker, "images/s")
  report.note(
    "the stage also asks the network what it says of each image, as `attacker` does and `fgsm` does not"
  )
  for (const [name, spread] of [
    ["fgsm", fgsm],
    ["attacker", attacker]
  ] as const) {
    const facts = { images, network, peakMB: Math.round(peak) }
    report.compare({
      bench: "main-job-fgsm",
      ours: rate,
      peer: spread.median,
      peerName: `engine bench, ${name}`,
      unit: "images/s",
      facts
    })
    report.target({
      what: `of the engine bench's rate, ${name}`,
      measured: rate / spread.median,
      limit: 0.9,
      better: "more",
      unit: ""
    })
  }
  report.target({ what: "memory of the whole run", measured: peak, limit: 1500, better: "less", unit: " MB" })
}
