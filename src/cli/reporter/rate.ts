/**
 * How fast something goes and when it will be over, from reports of how far it is.
 *
 * Work and time are summed with a weight that fades, so the rate follows the last half minute. It says nothing until it has
 * seen enough for the number to mean something.
 */
const fadeSeconds = 30

export class Rate {
  #at: number | undefined
  #done = 0
  #total = 0
  /** Faded sums of work done and of the seconds it took. */
  #work = 0
  #seconds = 0
  /** What was observed in all, unfaded. */
  #observed = 0
  #steps = 0

  /** @param at milliseconds since 1970 */
  report(done: number, total: number, at: number): void {
    const before = this.#at
    // A new attempt, or another phase of the stage: what was measured is about something else.
    if (before === undefined || done < this.#done || total !== this.#total) {
      this.#restart(done, total, at)
      return
    }
    const seconds = (at - before) / 1000
    // Work without time is counted with the next report, and time without work likewise.
    if (done === this.#done || seconds <= 0) return
    const fade = Math.exp(-seconds / fadeSeconds)
    // The fade works within a long step as well: it weighs no more than the window.
    const weight = fadeSeconds * (1 - fade)
    this.#work = this.#work * fade + ((done - this.#done) / seconds) * weight
    this.#seconds = this.#seconds * fade + weight
    this.#observed += seconds
    this.#steps++
    this.#done = done
    this.#at = at
  }

  /** Per second; undefined while too little was seen. */
  get perSecond(): number | undefined {
    return this.#meansSomething ? this.#work / this.#seconds : undefined
  }

  /** Seconds left at `now`; undefined while unknown, and when it should have been over by now. */
  left(now: number): number | undefined {
    const rate = this.perSecond
    if (rate === undefined || this.#at === undefined || this.#done >= this.#total) return undefined
    const left = (this.#total - this.#done) / rate - (now - this.#at) / 1000
    return left > 0 ? left : undefined
  }

  /** Two steps over two seconds, or one long one: epochs are few. */
  get #meansSomething(): boolean {
    return this.#observed >= 2 && (this.#steps >= 2 || this.#observed >= 10)
  }

  #restart(done: number, total: number, at: number): void {
    this.#at = at
    this.#done = done
    this.#total = total
    this.#work = 0
    this.#seconds = 0
    this.#observed = 0
    this.#steps = 0
  }
}
