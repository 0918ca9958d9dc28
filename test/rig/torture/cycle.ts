/**
 * From a store without results to all of them, through blows; then everything is compared with the undisturbed run.
 *
 * Several processes may work in one store. Each is struck and started again until it has come to its end.
 */
import { rmSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { chanceFrom } from "../chance.ts"
import { type Arena, digestsIn } from "./arena.ts"
import { type Blow, drawBlow, type Kind } from "./blow.ts"
import { eventsOf } from "./run-journal.ts"
import { type Kill, type StruckRun, struckRun } from "./struck-run.ts"

export interface CycleOptions {
  readonly number: number
  readonly seed: number
  readonly kinds: ReadonlyArray<Kind>
  /** How many processes work in the store at once. */
  readonly together: number
  /** How often each of them is struck. */
  readonly blows: number
  /** Collects garbage again and again meanwhile, and keeps nothing but what is alive. */
  readonly gc: boolean
}

export interface Cycle {
  readonly kills: ReadonlyArray<Kill>
  /** Runs that took up one that was struck. */
  readonly resumes: number
  /** Digests that were compared. */
  readonly compared: number
  readonly collections: number
  /** Everything that is not as it should be. */
  readonly problems: ReadonlyArray<string>
}

export const cycle = async (arena: Arena, options: CycleOptions): Promise<Cycle> => {
  const { number, seed, together, gc } = options
  const store = arena.store(`cycle-${number}`, number % 4 === 0)
  const working = Array.from({ length: together }, (_, worker) =>
    worked(arena, store, chanceFrom(seed + number * 1009 + worker * 131071), worker, options)
  )
  const everything = Promise.all(working)
  const [runs, collected] = await Promise.all([
    everything.then((all) => all.flat()),
    gc ? collecting(arena, store, everything) : { collections: 0, problems: [] }
  ])
  const all = runs.flatMap((run) => (run.heir === undefined ? [run] : [run, run.heir]))
  const done = all.filter(({ finished }) => finished.code === 0)
  const verified = await arena.verify(store)
  const problems = [
    ...all.flatMap(({ surprise }) => surprise ?? []),
    ...collected.problems,
    ...done.flatMap((run) => differences(arena, run)),
    ...(gc ? [] : computedTwice(arena, store, frozenIn(runs))),
    ...(verified.code === 0 ? [] : [`artifacts verify: ${verified.stdout}${verified.stderr}`])
  ].map((problem) => `cycle ${number}: ${problem}`)
  // A store in which something is wrong is kept to be looked at.
  if (problems.length === 0) rmSync(store, { recursive: true })
  return {
    kills: runs.flatMap(({ kill }) => kill ?? []),
    resumes: runs.length - together,
    compared: done.reduce((sum, { events }) => sum + digestsIn(events).size, 0),
    collections: collected.collections,
    problems
  }
}

/** One process's part: started, struck, and started again until it has come to its end. */
const worked = async (
  arena: Arena,
  store: string,
  chance: () => number,
  worker: number,
  { kinds, together, blows }: CycleOptions
): Promise<ReadonlyArray<StruckRun>> => {
  const runs: Array<StruckRun> = []
  // Of several, some want only a part of what the others want.
  const preset = together > 1 && worker % 2 === 1 ? "less" : undefined
  if (together > 1) await sleep(chance() * 500)
  for (;;) {
    const blow: Blow | undefined = runs.length < blows ? drawBlow(chance, kinds) : undefined
    const run = await struckRun(arena, store, blow, preset)
    runs.push(run)
    if (run.finished.code === 0 || run.surprise !== undefined) return runs
  }
}

/** Garbage collections, one after the other, until all others have ended. */
const collecting = async (arena: Arena, store: string, everything: Promise<unknown>) => {
  const problems: Array<string> = []
  let collections = 0
  let isOver = false
  void everything.finally(() => {
    isOver = true
  })
  while (!isOver) {
    const { code, stderr } = await arena.command(["artifacts", "gc", "--keep-runs", "0", "--store", store])
      .finished
    if (code === 0) collections++
    else problems.push(`artifacts gc ended with ${code}: ${stderr}`)
    await sleep(100)
  }
  return { collections, problems }
}

/** How a run that came to its end differs from the undisturbed one. */
const differences = (arena: Arena, { events, preset }: StruckRun): ReadonlyArray<string> => {
  const found = digestsIn(events)
  return [...arena.expected(preset)].flatMap(([node, digest]) =>
    found.get(node) === digest ? [] : [`\`${node}\` has ${found.get(node)}, and undisturbed ${digest}`]
  )
}

/** The runs that were stopped for longer than their leases lasted. */
const frozenIn = (runs: ReadonlyArray<StruckRun>): ReadonlySet<string> =>
  new Set(
    runs.flatMap(({ kill, events }) =>
      kill?.kind === "freeze"
        ? events.flatMap((event) => (event._tag === "RunStarted" ? [event.id] : []))
        : []
    )
  )

/**
 * Keys that more than one run computed to the end, though nothing was ever removed. A frozen one does not count: stopped between
 * confirming its lease and publishing, it ends what its successor has computed meanwhile, and takes the successor's result.
 */
const computedTwice = (arena: Arena, store: string, frozen: ReadonlySet<string>): ReadonlyArray<string> => {
  const nodes = new Map<string, Array<string>>()
  for (const run of arena.runs(store).filter((id) => !frozen.has(id)))
    for (const event of eventsOf(store, run))
      if (event._tag === "NodeFinished") nodes.set(event.key, [...(nodes.get(event.key) ?? []), event.node])
  return [...nodes.values()].flatMap(([node, ...again]) =>
    again.length === 0 ? [] : [`\`${node}\` was computed ${again.length + 1} times`]
  )
}
