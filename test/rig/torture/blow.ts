/** What is done to a run, and when: drawn from a seed before the run starts, so that the same seed does the same. */

/** How often each kind comes up, of a hundred. */
const weights = {
  /** SIGKILL to the command alone: its workers must end by themselves. */
  command: 23,
  /** SIGKILL to the worker that started last, as the system does it for want of memory. */
  worker: 20,
  /** SIGKILL to all processes at once, as when the machine loses its power, but for what is not on the disk. */
  group: 20,
  /** SIGTERM to the command. */
  term: 11,
  /** Ctrl-C, once and twice. */
  int: 11,
  "int-twice": 11,
  /** SIGSTOP to all until another process has taken over, then SIGCONT. */
  freeze: 4
} as const
export type Kind = keyof typeof weights

export const kinds = Object.keys(weights).filter((word): word is Kind => Object.hasOwn(weights, word))
export const isKind = (word: string): word is Kind => Object.hasOwn(weights, word)

export type Moment =
  /** At a share of the horizon. */
  | { readonly _tag: "After"; readonly share: number }
  /** About when the so-many-th node to start publishes: so long after it has taken its usual time. */
  | { readonly _tag: "Publishing"; readonly node: number; readonly millis: number }

export interface Blow {
  readonly kind: Kind
  readonly moment: Moment
  /** Between the two signals of `int-twice`, in milliseconds. */
  readonly gap: number
}

/** Draws always the same number of chances, so that one choice does not shift the next. */
export const drawBlow = (chance: () => number, allowed: ReadonlyArray<Kind>): Blow => {
  const kind = drawKind(chance(), allowed)
  const [isAimed, where, node, gap] = [chance() < 0.5, chance(), chance(), chance()]
  const moment: Moment = isAimed
    ? { _tag: "Publishing", node: Math.floor(node * 5), millis: where * 30 - 12 }
    : { _tag: "After", share: where }
  return { kind, moment, gap: gap * 150 }
}

const drawKind = (chance: number, allowed: ReadonlyArray<Kind>): Kind => {
  const total = allowed.reduce((sum, kind) => sum + weights[kind], 0)
  let left = chance * total
  for (const kind of allowed) {
    left -= weights[kind]
    if (left < 0) return kind
  }
  return allowed.at(-1) ?? "group"
}
