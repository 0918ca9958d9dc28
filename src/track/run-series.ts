/**
 * A metric's curve in bounded memory.
 *
 * A training stage may log a million values. A curve keeps at most `limit` of them, evenly spread: when it is full it
 * forgets every second point and from then on takes half as many. The last value is always kept.
 */
export type Point = readonly [step: number, value: number]

export class Series {
  readonly #limit: number
  #points: Array<Point> = []
  #stride = 1
  #count = 0
  #last: Point | undefined
  #restarted = false

  /** @param limit at least 2 */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds a value; without a step, steps count from 0. */
  add(value: number, step?: number): void {
    if (this.#restarted) this.#forgetFrom(step ?? 0)
    const point: Point = [step ?? this.#count, value]
    if (this.#count % this.#stride === 0) this.#keep(point)
    this.#count++
    this.#last = point
  }

  /** A new attempt began: what it computes again replaces what the earlier one logged. */
  restart(): void {
    this.#restarted = true
  }

  get last(): Point | undefined {
    return this.#last
  }

  get points(): ReadonlyArray<Point> {
    const last = this.#last
    return last === undefined || this.#points.at(-1) === last ? this.#points.slice() : [...this.#points, last]
  }

  #keep(point: Point): void {
    this.#points.push(point)
    if (this.#points.length < this.#limit) return
    this.#points = this.#points.filter((_, index) => index % 2 === 0)
    this.#stride *= 2
  }

  /** A resumed attempt goes on from its checkpoint, so earlier points stay. */
  #forgetFrom(step: number): void {
    this.#restarted = false
    this.#points = this.#points.filter(([at]) => at < step)
    this.#count = this.#points.length * this.#stride
  }
}
