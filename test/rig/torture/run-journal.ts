/** What a run left in its store, whatever became of it. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Event } from "../../../src/track/event.ts"
import { eventsIn } from "../project.ts"

/** The whole lines of a run's journal. */
export const eventsOf = (store: string, run: string): ReadonlyArray<Event> => {
  const path = join(store, "runs", run, "journal.jsonl")
  if (!existsSync(path)) return []
  const text = readFileSync(path, "utf8")
  return eventsIn(text.slice(0, text.lastIndexOf("\n") + 1))
}

/** When the newest checkpoint of each key was written, in milliseconds since 1970. */
export const checkpointTimes = (store: string): ReadonlyMap<string, number> => {
  const times = new Map<string, number>()
  const root = join(store, "checkpoints")
  for (const family of namesIn(root)) {
    for (const name of namesIn(join(root, family))) {
      const key = name.split(".")[0] ?? ""
      const at = statSync(join(root, family, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
      times.set(key, Math.max(at, times.get(key) ?? 0))
    }
  }
  return times
}

const namesIn = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory)
  } catch {
    // It went away meanwhile, or there never was one.
    return []
  }
}

/**
 * Seconds of computing that were under way at a moment and lead to nothing: of each node, since it started or its newest
 * checkpoint.
 *
 * @param pid only what this worker did
 */
export const workLost = (
  events: ReadonlyArray<Event>,
  at: number,
  checkpoints: ReadonlyMap<string, number>,
  pid?: number
): number => {
  const open = new Map<string, { readonly since: number; readonly key: string; readonly pid: number }>()
  for (const event of events) {
    if (event._tag === "NodeStarted" && event.at <= at)
      open.set(event.node, { since: event.at, key: event.key, pid: event.pid })
    if (event._tag === "NodeFinished") open.delete(event.node)
  }
  return [...open.values()]
    .filter((node) => pid === undefined || node.pid === pid)
    .reduce(
      (sum, { since, key }) => sum + Math.max(0, at - Math.max(since, checkpoints.get(key) ?? 0)) / 1000,
      0
    )
}
