/** A store with many runs in it: copies of real ones, each under an identifier and with times of its own. */
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Option } from "effect"
import type { Event } from "../../src/track/event.ts"
import { decodeEvent, encodeLine } from "../../src/track/journal-line.ts"

const hour = 3_600_000
/** One copy of so many has no end, as after a crash. */
const crashed = 20

/**
 * Copies the runs of one store in turns into a new one, an hour apart, the last of them now.
 *
 * @returns bytes of all journals
 */
export const copyRuns = (from: string, to: string, count: number, now: number): number => {
  mkdirSync(join(to, "runs"), { recursive: true })
  copyFileSync(join(from, "format.json"), join(to, "format.json"))
  const originals = readdirSync(join(from, "runs")).map((id) => {
    const lines = readFileSync(join(from, "runs", id, "journal.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
    const events = lines.flatMap((line) => Option.toArray(decodeEvent(line)))
    return { plan: join(from, "runs", id, "plan.json"), events }
  })
  let bytes = 0
  for (let index = 0; index < count; index++) {
    const original = originals[index % originals.length]
    const begun = original?.events[0]?.at
    if (original === undefined || begun === undefined) throw new Error(`no run in ${from}`)
    const started = now - (count - index) * hour
    const id = identifier(started, index)
    const events = original.events.map((event) => moved(event, id, started - begun))
    if (index % crashed === crashed - 1) events.pop()
    const journal = events.map((event) => `${encodeLine(event)}\n`).join("")
    bytes += Buffer.byteLength(journal)
    mkdirSync(join(to, "runs", id))
    writeFileSync(join(to, "runs", id, "journal.jsonl"), journal)
    // One file for all runs of a plan, as the store itself has it.
    linkSync(original.plan, join(to, "runs", id, "plan.json"))
  }
  return bytes
}

/** As `pipeline run` makes them. */
const identifier = (at: number, serial: number): string => {
  const [date = "", time = ""] = new Date(at).toISOString().split("T")
  const digits = (text: string): string => text.replace(/\D/g, "")
  return `${digits(date)}-${digits(time)}-${serial.toString(16).padStart(4, "0")}`
}

const moved = (event: Event, id: string, by: number): Event => {
  const at = event.at + by
  if (event._tag !== "RunStarted") return { ...event, at }
  return { ...event, at, id, provenance: { ...event.provenance, run: id } }
}
