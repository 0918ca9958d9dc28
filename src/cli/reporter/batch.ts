/** Collects lines and writes them in one go: ten thousand cached nodes are a few writes, not ten thousand. */
import type { Sink, Timing } from "./reporter.ts"

/** Long enough to gather a burst, too short to be noticed. */
const holdMillis = 20
const fullLength = 64 * 1024

export class Batch {
  readonly #sink: Sink
  readonly #timing: Timing
  #held = ""
  #cancel: (() => void) | undefined

  constructor(sink: Sink, timing: Timing) {
    this.#sink = sink
    this.#timing = timing
  }

  line(text: string): void {
    this.#held += `${text}\n`
    if (this.#held.length >= fullLength) this.flush()
    else this.#cancel ??= this.#timing.after(holdMillis, () => this.flush())
  }

  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const text = this.#held
    this.#held = ""
    if (text !== "") this.#sink.write(text)
  }
}
