/**
 * A run's tracking, as the command that runs it sees to it: it starts the uploader and tells people what they should know.
 *
 * Nothing here may hold up the run or change how it ends. The uploader starts with the first stage that runs; a run that
 * finds everything in the cache starts it at its end, and waits until there is a page, or no more than is known of a problem.
 */
import { Effect } from "effect"
import type { Event } from "../track/event.ts"
import type { Report } from "../track/upload/report.ts"
import { type Listener, startUploader, type UploaderProcess } from "./uploader-process.ts"

export interface TrackingOptions {
  readonly run: string
  /** The store's directory. */
  readonly store: string
  readonly environment: NodeJS.ProcessEnv
  /** How long to wait at the end for a server that takes what it is sent; otherwise `defaultWait` says it. In seconds. */
  readonly wait: number | undefined
  /** Something that went wrong, with its cure. */
  readonly warn: (text: string) => void
  /** What is good to know. */
  readonly tell: (text: string) => void
}

/** A node of the plan. */
export interface TrackedNode {
  readonly name: string
  readonly kind: string
}

export interface Tracking {
  /** To be called before the run begins: what is wrong with the settings is told before hours of work. */
  check(nodes: ReadonlyArray<TrackedNode>): Effect.Effect<void>
  /** Is told every event of the run. */
  watch(event: Event): void
  /** To be called when the run has ended. Waits for the uploader as long as that is worth it. */
  readonly finish: Effect.Effect<void>
  /** Lets go of the uploader. */
  release(): void
}

/** What reaches a server that is there takes no longer; and a long run may wait a hundredth of its time. */
const defaultWait = (runSeconds: number): number => Math.max(3, runSeconds / 100)
/** A server that is silent for so long is not waited for. */
const silenceMillis = 5_000

export const makeTracking = (options: TrackingOptions): Tracking =>
  (options.environment["MLFLOW_TRACKING_URI"] ?? "") === "" ? localOnly(options) : new Tracked(options)

const localOnly = ({ tell }: TrackingOptions): Tracking => {
  let isWorthTelling = false
  return {
    check: () => Effect.void,
    watch: (event) => {
      isWorthTelling ||= event._tag === "NodeFinished"
    },
    finish: Effect.sync(() => {
      if (isWorthTelling)
        tell("tracked here alone; to see runs in MLflow: pipeline track serve, then set MLFLOW_TRACKING_URI")
    }),
    release: () => {}
  }
}

class Tracked implements Tracking {
  readonly #options: TrackingOptions
  #uploader: UploaderProcess | undefined
  #computes = false
  #runSeconds = 0
  #url: string | undefined
  #state: "working" | "waiting" | "stopped" | "done" = "working"
  readonly #warned = new Set<string>()
  /** Called at each report. */
  #heard = (): void => {}

  constructor(options: TrackingOptions) {
    this.#options = options
  }

  check(nodes: ReadonlyArray<TrackedNode>): Effect.Effect<void> {
    const warn = (text: string) => Effect.sync(() => this.#warn(text))
    // A run without a server loads nothing of this.
    return Effect.promise(() => import("./tracking-settings.ts")).pipe(
      Effect.flatMap(({ checkSettings }) => checkSettings(this.#options.environment, nodes)),
      Effect.flatMap((warnings) => Effect.all(warnings.map(warn), { discard: true })),
      Effect.catch(({ message, hint }) =>
        Effect.sync(() => {
          // The uploader could only say the same.
          this.#state = "stopped"
          this.#warn(message, hint)
        })
      )
    )
  }

  watch(event: Event): void {
    if (event._tag === "NodeStarted") {
      this.#computes = true
      this.#start()
    }
    if (event._tag !== "RunFinished") return
    this.#runSeconds = event.seconds
    this.#start()
    this.#uploader?.runIsOver()
  }

  readonly finish = Effect.suspend(() => {
    const seconds = this.#options.wait ?? defaultWait(this.#runSeconds)
    return Effect.map(this.#settled(seconds * 1000), () => this.#conclude())
  })

  release(): void {
    this.#heard = () => {}
    this.#uploader?.release()
  }

  #start(): void {
    if (this.#uploader !== undefined || this.#state === "stopped") return
    const { run, store } = this.#options
    const listener: Listener = {
      report: (report) => {
        this.#take(report)
        this.#heard()
      },
      ended: () => {
        if (this.#state === "working" || this.#state === "waiting") this.#state = "stopped"
        this.#heard()
      }
    }
    this.#uploader = startUploader(run, store, listener)
  }

  #take(report: Report): void {
    switch (report._tag) {
      case "Connected":
        this.#url = report.url
        break
      case "Sent":
        if (this.#state === "waiting") this.#options.tell("the server answers again")
        this.#state = "working"
        break
      case "Waiting":
        this.#state = "waiting"
        this.#warn(report.message, report.hint)
        break
      case "Warning":
        this.#warn(report.message)
        break
      case "Stopped":
        this.#state = "stopped"
        this.#warn(report.message, report.hint)
        break
      case "Done":
        // Of an earlier run that this one takes up, it is only the beginning.
        if (report.run !== this.#options.run) break
        this.#state = "done"
        this.#url = report.url ?? this.#url
    }
  }

  #warn(message: string, hint?: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#options.warn(hint === undefined ? message : `${message}; ${hint}`)
  }

  /** Until nothing is left, or nothing moves any more, or time is up, or somebody presses Ctrl-C. */
  #settled(millis: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const end = () => {
        clearTimeout(limit)
        clearTimeout(silence)
        this.#heard = () => {}
        restoreSignals()
        resume(Effect.void)
      }
      // The run has ended as it has: a signal now ends the waiting and nothing else.
      const restoreSignals = takeSignals(end)
      const limit = setTimeout(end, millis)
      let silence = setTimeout(end, silenceMillis)
      this.#heard = () => {
        if (this.#isSettled()) return end()
        clearTimeout(silence)
        silence = setTimeout(end, silenceMillis)
      }
      if (this.#isSettled()) end()
    })
  }

  /** What computed nothing has little to send, and is not held up for it. */
  #isSettled(): boolean {
    return this.#state !== "working" || (!this.#computes && this.#url !== undefined)
  }

  #conclude(): void {
    const { run, tell } = this.#options
    switch (this.#state) {
      case "done":
        if (this.#url !== undefined) tell(this.#url)
        break
      case "stopped":
        tell(`nothing is lost; to send it: pipeline track sync ${run}`)
        break
      case "waiting":
        tell(`nothing is lost; it is tried for another minute, then send it with: pipeline track sync ${run}`)
        break
      case "working":
        if (!this.#computes && this.#url !== undefined) tell(this.#url)
        else tell(`the rest goes on being sent; if this machine stops now: pipeline track sync ${run}`)
    }
  }
}

const signals = ["SIGINT", "SIGTERM"] as const

/** Has signals do one thing instead of what they do. The answer puts everything back. */
const takeSignals = (action: () => void): (() => void) => {
  const before = signals.map((signal) => [signal, process.listeners(signal)] as const)
  for (const signal of signals) process.removeAllListeners(signal).on(signal, action)
  return () => {
    for (const [signal, listeners] of before) {
      process.removeAllListeners(signal)
      for (const listener of listeners) process.on(signal, listener)
    }
  }
}
