/** One run, struck at a moment or left in peace, to its end. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Event } from "../../../src/track/event.ts"
import { type Command, type Finished, isAlive } from "../cli.ts"
import { eventsIn } from "../project.ts"
import { type Arena, leasePatience, type Preset } from "./arena.ts"
import type { Blow, Kind } from "./blow.ts"
import { checkpointTimes, eventsOf, workLost } from "./run-journal.ts"

export interface StruckRun {
  readonly finished: Finished
  readonly preset: Preset | undefined
  /** All that the run told. */
  readonly events: ReadonlyArray<Event>
  /** What hit it; `undefined` where it was over before. */
  readonly kill: Kill | undefined
  /** The run that overtook it while it was frozen. */
  readonly heir: StruckRun | undefined
  /** An end that neither the run's work nor the blow explains. */
  readonly surprise: string | undefined
}

export interface Kill {
  readonly kind: Kind
  /** Seconds of work that were under way and have to be done again. */
  readonly lost: number
}

export const struckRun = async (
  arena: Arena,
  store: string,
  blow: Blow | undefined,
  preset?: Preset
): Promise<StruckRun> => {
  const command = arena.run(store, preset)
  const seen: Array<Event> = []
  const strike = new Strike(arena, store, command, blow, seen, preset)
  command.onLine((line) => {
    for (const event of eventsIn(line)) {
      seen.push(event)
      strike.see(event)
    }
  })
  const finished = await command.finished
  const { kill, heir } = await strike.over()
  return { finished, preset, events: seen, kill, heir, surprise: surpriseOf(finished, kill?.kind) }
}

/** The ends that a blow may lead to, besides that the run was done all the same. */
const ends: Record<Kind, ReadonlyArray<number | NodeJS.Signals>> = {
  command: ["SIGKILL"],
  worker: [1],
  group: ["SIGKILL"],
  term: [143],
  int: [130],
  "int-twice": [130],
  freeze: []
}

const surpriseOf = ({ code, signal, stderr }: Finished, kind: Kind | undefined): string | undefined => {
  const end = code ?? signal
  // A signal may come before the command listens.
  const early = kind === "term" ? "SIGTERM" : "SIGINT"
  const expected =
    kind === undefined
      ? [0]
      : [0, ...ends[kind], ...(kind.startsWith("int") || kind === "term" ? [early] : [])]
  if (end !== null && expected.some((each) => each === end)) return undefined
  return `${kind ?? "nothing"} was done to a run, and it ended with ${end}:\n${stderr.trimEnd()}`
}

class Strike {
  readonly #arena: Arena
  readonly #store: string
  readonly #command: Command
  readonly #blow: Blow | undefined
  readonly #seen: ReadonlyArray<Event>
  readonly #preset: Preset | undefined
  readonly #timers: Array<NodeJS.Timeout> = []
  #started = 0
  #hit: { readonly kind: Kind; readonly at: number; readonly pid?: number } | undefined
  #checkpoints: ReadonlyMap<string, number> = new Map()
  #heir: Promise<StruckRun> | undefined

  constructor(
    arena: Arena,
    store: string,
    command: Command,
    blow: Blow | undefined,
    seen: ReadonlyArray<Event>,
    preset: Preset | undefined
  ) {
    this.#arena = arena
    this.#store = store
    this.#command = command
    this.#blow = blow
    this.#seen = seen
    this.#preset = preset
    if (blow?.moment._tag === "After") this.#in(blow.moment.share * arena.horizon * 1000)
  }

  see(event: Event): void {
    const moment = this.#blow?.moment
    if (event._tag !== "NodeStarted" || moment?._tag !== "Publishing") return
    if (this.#started++ !== moment.node) return
    this.#in((this.#arena.seconds.get(event.node) ?? 0) * 1000 + moment.millis)
  }

  /** What was done, once the command has ended. */
  async over(): Promise<Pick<StruckRun, "kill" | "heir">> {
    for (const timer of this.#timers) clearTimeout(timer)
    const heir = await this.#heir
    if (this.#hit === undefined) return { kill: undefined, heir }
    const { kind, at, pid } = this.#hit
    const id = this.#seen.find((event) => event._tag === "RunStarted")?.id
    const events = id === undefined ? [] : eventsOf(this.#store, id)
    return { kill: { kind, lost: workLost(events, at, this.#checkpoints, pid) }, heir }
  }

  #in(millis: number): void {
    this.#timers.push(setTimeout(() => void this.#now(), Math.max(0, millis)))
  }

  async #now(): Promise<void> {
    const command = this.#command
    if (this.#blow === undefined || command.isOver) return
    const { kind, gap } = this.#blow
    const at = Date.now()
    if (kind === "worker") {
      const pid = this.#busyWorker()
      if (pid === undefined || !isAlive(pid)) return
      this.#hit = { kind, at, pid }
      process.kill(pid, "SIGKILL")
    } else {
      this.#hit = { kind, at }
      if (kind === "command") command.signalIfAlive("SIGKILL")
      if (kind === "group") command.signalIfAlive("SIGKILL", "group")
      if (kind === "term") command.signalIfAlive("SIGTERM")
      if (kind === "int" || kind === "int-twice") command.signalIfAlive("SIGINT", "group")
      if (kind === "freeze") this.#heir = this.#freeze()
    }
    this.#checkpoints = checkpointTimes(this.#store)
    if (kind !== "int-twice") return
    await sleep(gap)
    command.signalIfAlive("SIGINT", "group")
  }

  /** Stands still for longer than anybody waits, while another process does the same work. */
  async #freeze(): Promise<StruckRun> {
    this.#command.signalIfAlive("SIGSTOP", "group")
    const heir = struckRun(this.#arena, this.#store, undefined, this.#preset)
    await sleep(leasePatience * 1000 + 800)
    this.#command.signalIfAlive("SIGCONT", "group")
    return heir
  }

  /** The worker of the newest node that is under way. */
  #busyWorker(): number | undefined {
    const over = new Set(
      this.#seen.flatMap((event) =>
        event._tag === "NodeFinished" || event._tag === "NodeFailed" ? [event.node] : []
      )
    )
    const started = this.#seen.findLast((event) => event._tag === "NodeStarted" && !over.has(event.node))
    return started?._tag === "NodeStarted" ? started.pid : undefined
  }
}
