/** What tells people and machines how a run goes. Everything it touches is handed to it. */
import type { ExpectedTimes } from "../../plan/expected-times.ts"
import type { Event } from "../../track/event.ts"

export interface Reporter {
  event(event: Event): void
  /** Tells people something that is no event. Programs are told events alone. */
  note(text: string, word?: "note" | "track"): void
  /** Is told what nodes may take, where somebody wants to know. */
  expect?(times: ExpectedTimes): void
  /** Writes what is held back and leaves the terminal as it was found. Later events are ignored. */
  close(): void
}

/** Where text goes: standard error for people, standard output for `--json`. */
export interface Sink {
  write(text: string): void
  /** Asked anew for every frame, since windows are resized. */
  columns(): number
  rows(): number
  readonly isTerminal: boolean
}

/** The clock and the timer. */
export interface Timing {
  /** Milliseconds since 1970, on the clock that events are stamped with. */
  now(): number
  /** Runs `action` once, later. The answer cancels it. It must not keep the process alive. */
  after(millis: number, action: () => void): () => void
}
