/** Blows upon blows: cycles until a number of kills is reached, and the sum of it. */
import type { Arena } from "./arena.ts"
import { type Kind, kinds } from "./blow.ts"
import { type Cycle, cycle } from "./cycle.ts"

export interface TortureOptions {
  readonly kills: number
  readonly seed: number
  readonly kinds: ReadonlyArray<Kind>
  readonly together: number
  readonly gc: boolean
  /** Cycles that go on side by side, each in a store of its own. */
  readonly jobs: number
  /** Is told each cycle as it ends, and how many kills there were so far. */
  readonly progress: (number: number, ended: Cycle, kills: number) => void
}

export interface Sum {
  readonly kills: Readonly<Record<Kind, number>>
  readonly cycles: number
  readonly resumes: number
  readonly compared: number
  readonly collections: number
  /** Seconds of work lost by each kill, the least first. */
  readonly lost: ReadonlyArray<number>
  readonly problems: ReadonlyArray<string>
}

export const torture = async (arena: Arena, options: TortureOptions): Promise<Sum> => {
  const ended: Array<Cycle> = []
  let next = 0
  const killed = () => ended.reduce((sum, { kills }) => sum + kills.length, 0)
  const job = async () => {
    while (killed() < options.kills) {
      const number = next++
      const { seed, together, gc } = options
      const one = await cycle(arena, { number, seed, kinds: options.kinds, together, gc, blows: 12 })
      ended.push(one)
      options.progress(number, one, killed())
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, job))
  const kills = ended.flatMap((each) => each.kills)
  const of = (kind: Kind) => kills.filter((kill) => kill.kind === kind).length
  const sum = (count: (each: Cycle) => number) => ended.reduce((total, each) => total + count(each), 0)
  return {
    kills: { ...none, ...Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) },
    cycles: ended.length,
    resumes: sum(({ resumes }) => resumes),
    compared: sum(({ compared }) => compared),
    collections: sum(({ collections }) => collections),
    lost: kills.map(({ lost }) => lost).sort((a, b) => a - b),
    problems: ended.flatMap(({ problems }) => problems)
  }
}

const none: Record<Kind, number> = {
  command: 0,
  worker: 0,
  group: 0,
  term: 0,
  int: 0,
  "int-twice": 0,
  freeze: 0
}

/** The sum as people read it. */
export const sumText = ({ kills, cycles, resumes, compared, collections, lost, problems }: Sum): string => {
  const total = lost.length
  const seconds = (value = 0) => `${value.toFixed(2)} s`
  const byKind = Object.entries(kills).map(([kind, count]) => `${kind} ${count}`)
  return [
    `kills                  ${total}: ${byKind.join(", ")}`,
    `resumes                ${resumes}, in ${cycles} stores`,
    `work lost by a kill    median ${seconds(lost[total >> 1])}, at most ${seconds(lost.at(-1))}`,
    ...(collections === 0 ? [] : [`garbage collections    ${collections}`]),
    `digests compared       ${compared}`,
    `differences            ${problems.length}`,
    ""
  ].join("\n")
}
