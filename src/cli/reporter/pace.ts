/**
 * How the times of nodes compare with what was expected of them.
 *
 * Expectations of another machine, or of other work, are right in proportion at best: what nodes of this run took scales them.
 */
import type { Basis } from "../../plan/expected-times.ts"

/** Nodes of other work have to take this long together before they say something of the rest. */
const tellingSeconds = 2

/** Sums over nodes, in seconds. */
interface Sums {
  expected: number
  took: number
}

/**
 * When a stage's own nodes took this long, they count for half, and those of all other stages for the rest: a second, and of a long
 * run a hundredth, for the first nodes are short, and with the start of processes they take longer than they should.
 */
const halfOf = (whole: number): number => Math.max(1, whole / 100)

export class Pace {
  #half = halfOf(0)
  readonly #bases = new Map<Basis, Sums>()
  readonly #stages = new Map<string, Sums>()

  /** @param whole seconds that were expected of all nodes */
  firm(whole: number): void {
    this.#half = halfOf(whole)
  }

  /** @param took seconds, or what it will have taken as far as one can say */
  add(basis: Basis, stage: string, expected: number, took: number): void {
    for (const sums of [sumsIn(this.#bases, basis), sumsIn(this.#stages, `${basis}/${stage}`)]) {
      sums.expected += expected
      sums.took += took
    }
  }

  /** A copy to add to what is not certain yet. */
  copy(): Pace {
    const copy = new Pace()
    copy.#half = this.#half
    for (const [basis, sums] of this.#bases) copy.#bases.set(basis, { ...sums })
    for (const [stage, sums] of this.#stages) copy.#stages.set(stage, { ...sums })
    return copy
  }

  /** What to multiply an expectation with; undefined where there is nothing to go by. */
  factor(basis: Basis, stage: string): number | undefined {
    const all = this.#bases.get(basis)
    // Other work may be a thousand times as much; another machine is at least of the same kind.
    if (basis === "other work" && (all === undefined || all.took < tellingSeconds)) return undefined
    const overall =
      all === undefined ? 1 : basis === "other work" ? all.took / all.expected : drawn(all, 1, this.#half)
    const own = this.#stages.get(`${basis}/${stage}`)
    return own === undefined ? overall : drawn(own, overall, this.#half)
  }
}

/** The ratio of the sums, drawn towards another one the shorter it took. */
const drawn = ({ expected, took }: Sums, towards: number, half: number): number =>
  (took + half) / (expected + half / towards)

const sumsIn = <Key>(map: Map<Key, Sums>, key: Key): Sums => {
  const sums = map.get(key) ?? { expected: 0, took: 0 }
  map.set(key, sums)
  return sums
}
