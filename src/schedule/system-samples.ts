/**
 * How busy the machine and the stages' processes are, sampled while nodes run.
 *
 * The samples go into the journal, so that they outlive a tracking server that is away. How fast a stage goes is told by its
 * progress, which is not in the journal otherwise. Processes are looked at where there is a /proc.
 */
import { readFileSync } from "node:fs"
import * as os from "node:os"
import { Clock, Effect, Schedule } from "effect"
import type { Event, NodeSample } from "../track/event.ts"
import type { RunLog } from "./run-log.ts"

const interval = "10 seconds"

/** A node that runs, with what was known of it at the last sample. */
interface Watched {
  readonly pid: number
  cpuSeconds: number | undefined
  progress: { done: number; readonly total: number; readonly unit: string } | undefined
  sampledDone: number
}

interface Busy {
  readonly idle: number
  readonly all: number
}

export class SystemSamples {
  readonly #running = new Map<string, Watched>()
  #busy: Busy = { idle: 0, all: 0 }
  #at = 0

  /** Is told every event of the run. */
  see(event: Event): void {
    switch (event._tag) {
      case "NodeStarted":
        this.#running.set(event.node, {
          pid: event.pid,
          cpuSeconds: cpuSecondsOf(event.pid),
          progress: undefined,
          sampledDone: 0
        })
        break
      case "Progress":
        this.#progress(event)
        break
      case "NodeFinished":
      case "NodeFailed":
      case "NodeInterrupted":
        this.#running.delete(event.node)
        break
      default:
        break
    }
  }

  /** Starts the first interval. */
  begin(at: number): void {
    this.#busy = busyTimes()
    this.#at = at
  }

  /** What happened since the last sample; nothing while no node runs. */
  sample(at: number): Event | undefined {
    const seconds = (at - this.#at) / 1000
    const before = this.#busy
    this.#busy = busyTimes()
    this.#at = at
    if (this.#running.size === 0 || seconds <= 0) return undefined
    const spent = this.#busy.all - before.all
    const memory = memoryLimit()
    const used = Math.max(0, memory - process.availableMemory())
    return {
      _tag: "SystemSample",
      at,
      cpuPercent: spent <= 0 ? 0 : percent(1 - (this.#busy.idle - before.idle) / spent),
      memoryMegabytes: megabytes(used),
      memoryPercent: percent(used / memory),
      nodes: Object.fromEntries(
        Array.from(this.#running, ([node, watched]) => [node, sampleOf(watched, seconds)])
      )
    }
  }

  #progress({ node, done, total, unit }: Extract<Event, { _tag: "Progress" }>): void {
    const watched = this.#running.get(node)
    if (watched === undefined) return
    // Another phase of the stage counts something else, or from the beginning.
    const same =
      watched.progress?.unit === unit && watched.progress.total === total && done >= watched.sampledDone
    if (!same) watched.sampledDone = watched.progress === undefined ? 0 : done
    watched.progress = { done, total, unit }
  }
}

const sampleOf = (watched: Watched, seconds: number): NodeSample => {
  const cpu = cpuSecondsOf(watched.pid)
  const memory = memoryOf(watched.pid)
  const before = watched.cpuSeconds
  const { progress, sampledDone } = watched
  watched.cpuSeconds = cpu
  if (progress !== undefined) watched.sampledDone = progress.done
  return {
    ...(cpu === undefined || before === undefined ? {} : { cpuPercent: percent((cpu - before) / seconds) }),
    ...(memory === undefined ? {} : { memoryMegabytes: memory }),
    ...(progress === undefined
      ? {}
      : { rate: { perSecond: rounded((progress.done - sampledDone) / seconds), unit: progress.unit } })
  }
}

/** Adds a sample to the log every ten seconds, for ever. */
export const sampleSystem = (samples: SystemSamples, log: RunLog) =>
  Effect.gen(function* () {
    samples.begin(yield* Clock.currentTimeMillis)
    yield* Effect.gen(function* () {
      const event = samples.sample(yield* Clock.currentTimeMillis)
      if (event !== undefined) log.add(event)
    }).pipe(Effect.delay(interval), Effect.repeat(Schedule.forever))
  })

/** Of all cores together, since the machine started. */
const busyTimes = (): Busy => {
  let [idle, all] = [0, 0]
  for (const { times } of os.cpus()) {
    idle += times.idle
    all += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { idle, all }
}

/** A container may have less than the machine. */
const memoryLimit = (): number => {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem()
}

/** User and system time of a process, in seconds. Fields 14 and 15 of proc(5), in ticks of a hundredth. */
const cpuSecondsOf = (pid: number): number | undefined => {
  const text = read(`/proc/${pid}/stat`)
  // The second field is a name in brackets, which may hold anything.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ")
  const ticks = Number(fields?.[11]) + Number(fields?.[12])
  return Number.isFinite(ticks) ? ticks / 100 : undefined
}

const memoryOf = (pid: number): number | undefined => {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1]
  return kilobytes === undefined ? undefined : megabytes(Number(kilobytes) * 1024)
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // The process has ended, or this system has no /proc.
    return undefined
  }
}

const percent = (share: number): number => rounded(Math.max(0, share) * 100)
const megabytes = (bytes: number): number => Number((bytes / 1e6).toFixed(1))
const rounded = (value: number): number => Number(value.toPrecision(4))
