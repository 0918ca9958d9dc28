/** What garbage collection must leave alone. */
import { Effect } from "effect"
import type { Roots } from "../artifact/collect.ts"
import type { Digest } from "../artifact/digest.ts"
import { Leases } from "../artifact/leases.ts"
import type { Droppable, Use } from "../artifact/size-limit.ts"
import type { Event } from "./event.ts"
import { RunStore, runLeaseKey, type StoredRun } from "./run-store.ts"

/** How far a file server's clock may be behind ours, in milliseconds. */
const clockMargin = 3_600_000

/**
 * The roots for keeping the newest `keepRuns` runs of each pipeline, every pinned run, and every run that is alive.
 *
 * @param now milliseconds since 1970
 * @param isUnsent whether a tracking server lacks some of a run: then it stays, with all that it has
 */
export const rootsOf = Effect.fnUntraced(function* (
  keepRuns: number,
  now: number,
  isUnsent: (id: string) => boolean = () => false
) {
  const runs = yield* RunStore
  const leases = yield* Leases
  const ids = yield* runs.ids
  const unstarted = yield* runs.unstarted
  const keys = new Set<Digest>()
  const artifacts = new Set<Digest>()
  const stages = new Set<string>()
  const plans = new Set<Digest>()
  const code = new Set<string>()
  const pipelines = new Set<string>()
  const recent = new RecentUses()
  const perPipeline = new Map<string, number>()
  const kept: Array<string> = []
  const old: Array<string> = []
  /** Runs that living ones go on from: their checkpoints are about to be used. */
  const continued = new Set<string>()
  let unsent = 0
  let youngerThan = now
  const alive = new Set(
    yield* Effect.filter(
      [...ids, ...unstarted],
      (id) => Effect.map(leases.holder(runLeaseKey(id), true), isThere),
      { concurrency: "unbounded" }
    )
  )
  for (const id of ids.toReversed()) {
    const run = yield* runs.read(id, "decisions")
    const pipeline = pipelineOf(run)
    const newer = perPipeline.get(pipeline) ?? 0
    perPipeline.set(pipeline, newer + 1)
    const isAlive = alive.has(id)
    const needsSending = !isAlive && isUnsent(id)
    const isNeeded = isAlive || needsSending || continued.has(id) || (yield* runs.isPinned(id))
    if (newer >= keepRuns && !isNeeded) {
      old.push(id)
      continue
    }
    kept.push(id)
    if (needsSending && newer >= keepRuns) unsent++
    if (isAlive || continued.has(id))
      for (const event of run.events)
        if (event._tag === "RunStarted" && event.continues !== undefined) continued.add(event.continues.run)
    pipelines.add(pipeline)
    const plan = yield* runs.planDigest(id)
    if (plan !== undefined) plans.add(plan)
    for (const stage of run.plan?.stages ?? []) code.add(stage.code)
    for (const event of run.events.toReversed()) {
      const use = useOf(event)
      if (use === undefined) continue
      keys.add(use.key)
      if (use.artifact !== undefined) artifacts.add(use.artifact)
      recent.add(use, isNeeded)
    }
    if (!isAlive) continue
    for (const stage of run.plan?.stages ?? []) stages.add(stage.name)
    youngerThan = Math.min(youngerThan, (run.events[0]?.at ?? 0) - clockMargin)
  }
  return {
    roots: { keys, artifacts, stages, youngerThan } satisfies Roots,
    /** What may go for want of room. */
    droppable: recent.droppable,
    plans: { plans, code, pipelines, youngerThan },
    kept,
    /** How many of these stay only because a tracking server does not have them whole. */
    unsent,
    old: [...unstarted.filter((id) => !alive.has(id)), ...old]
  }
})

const useOf = (event: Event): Use | undefined => {
  // What a run only began may have left checkpoints.
  if (event._tag === "NodeStarted") return { key: event.key, artifact: undefined }
  if (event._tag !== "NodeCached" && event._tag !== "NodeFinished") return undefined
  return { key: event.key, artifact: event.digest }
}

/** Who used what last. Uses are told from the newest to the oldest. */
class RecentUses {
  readonly #uses = new Map<string, Use>()
  readonly #neededKeys = new Set<Digest>()
  readonly #neededArtifacts = new Set<Digest>()

  add(use: Use, isNeeded: boolean): void {
    const { key, artifact } = use
    if (isNeeded) {
      this.#neededKeys.add(key)
      if (artifact !== undefined) this.#neededArtifacts.add(artifact)
    }
    const known = `${key} ${artifact}`
    if (!this.#uses.has(known)) this.#uses.set(known, use)
  }

  get droppable(): Droppable {
    return {
      uses: [...this.#uses.values()].reverse(),
      neededKeys: this.#neededKeys,
      neededArtifacts: this.#neededArtifacts
    }
  }
}

const isThere = (holder: string | undefined): boolean => holder !== undefined

const pipelineOf = ({ plan, events }: StoredRun): string => {
  const started = events.find((event) => event._tag === "RunStarted")
  return started?.pipeline ?? plan?.pipeline ?? ""
}
