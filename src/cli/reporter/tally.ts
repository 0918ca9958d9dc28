/** What a run has come to so far: the little that reporters need to know between events. */
import type { Event, Failure } from "../../track/event.ts"
import type { Totals } from "../view/summary.ts"

export class Tally {
  total = 0
  startedAt: number | undefined
  cached = 0
  ran = 0
  skipped = 0
  interrupted = 0
  savedSeconds = 0
  readonly failures = new Map<string, Failure>()

  add(event: Event): void {
    switch (event._tag) {
      case "RunStarted":
        this.total = event.nodes
        this.startedAt = event.at
        break
      case "NodeCached":
        this.cached++
        this.savedSeconds += event.seconds
        break
      case "NodeFinished":
        this.ran++
        break
      case "NodeFailed":
        if (!event.retry) this.failures.set(event.node, event.failure)
        break
      case "NodeSkipped":
        this.skipped++
        break
      case "NodeInterrupted":
        this.interrupted++
        break
      default:
        break
    }
  }

  /** Nodes that need no more work. */
  get settled(): number {
    return this.cached + this.ran + this.failures.size + this.skipped + this.interrupted
  }

  totals(seconds: number): Totals {
    const { cached, ran, interrupted, savedSeconds } = this
    const failed = this.failures.size
    // Skipped nodes are counted, and so are those that the run never came to say anything about.
    const notStarted = Math.max(this.skipped, this.total - cached - ran - failed - interrupted)
    return { cached, ran, failed, interrupted, notStarted, seconds, savedSeconds }
  }
}
