/**
 * Runs on disk: `runs/<id>/plan.json` and `runs/<id>/journal.jsonl`.
 *
 * The journal is written before anything is believed. What decides about a node is flushed to the device at once; curves
 * and logs follow with the next such line. A torn last line, left by a crash, is ignored when reading.
 */
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { Digest } from "../artifact/digest.ts"
import { digestOf } from "../artifact/digest.ts"
import { Disk, type DiskShape, makeLastingDirectory } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import type { StoreFault } from "../artifact/store-error.ts"
import { onDisk } from "../artifact/store-fault.ts"
import type { Event } from "./event.ts"
import { decodeEvent, encodeLine } from "./journal-line.ts"
import { isChatter, type Piece, readPiece } from "./journal-tail.ts"
import { decodePlan, type PlanFile } from "./plan-file.ts"

/** A run's journal, open for writing. */
export interface Journal {
  /** Adds events. Throws the system's error where the disk refuses. */
  append(events: ReadonlyArray<Event>): void
}

export interface StoredRun {
  readonly id: string
  readonly plan: PlanFile | undefined
  readonly events: ReadonlyArray<Event>
}

export interface RunEnds {
  readonly started: Extract<Event, { _tag: "RunStarted" }> | undefined
  readonly finished: Extract<Event, { _tag: "RunFinished" }> | undefined
}

export class NoSuchRun extends Schema.TaggedError<NoSuchRun>()("NoSuchRun", {
  run: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    if (this.known.length === 0) return "this store has no runs yet"
    const several = this.known.filter((id) => id.startsWith(this.run)).length
    return several > 1 ? `${several} runs begin with \`${this.run}\`` : `there is no run \`${this.run}\``
  }
  get hint() {
    return this.known.length === 0
      ? "start one: pipeline run NAME"
      : `\`pipeline runs\` lists ${this.known.length === 1 ? "the only one" : `all ${this.known.length}`}; the newest is \`${this.known.at(-1)}\`, or say \`last\``
  }
}

export interface RunStoreShape {
  /** Starts a run's directory and journal. */
  create(id: string, plan: Digest): Effect.Effect<Journal, StoreFault>
  /** Identifiers of all runs, oldest first. */
  ids: Effect.Effect<ReadonlyArray<string>, StoreFault>
  /** Directories of runs that never got a journal, because they were killed before, or are about to get it. */
  unstarted: Effect.Effect<ReadonlyArray<string>, StoreFault>
  /** The full identifier for `last`, `last~1`, or an unambiguous beginning of one. */
  find(reference: string): Effect.Effect<string, NoSuchRun | StoreFault>
  /** @param only without curves and logs, for when many runs are looked at */
  read(id: string, only?: "everything" | "decisions"): Effect.Effect<StoredRun, StoreFault>
  /** A run's plan; nothing where it cannot be read. */
  plan(id: string): Effect.Effect<PlanFile | undefined, StoreFault>
  /** The digest of a run's plan; nothing where the plan cannot be read. */
  planDigest(id: string): Effect.Effect<Digest | undefined, StoreFault>
  /** Some whole lines of a journal, however long it is; see `readPiece`. */
  piece(id: string, from: number, most: number): Effect.Effect<Piece, StoreFault>
  /** How many bytes a journal has. */
  size(id: string): Effect.Effect<number, StoreFault>
  /** How a run began and ended, from the first and the last line of its journal. */
  ends(id: string): Effect.Effect<RunEnds, StoreFault>
  /** Whether garbage collection must keep a run's artifacts however old it is. */
  isPinned(id: string): Effect.Effect<boolean, StoreFault>
  setPinned(id: string, pinned: boolean): Effect.Effect<void, StoreFault>
}

export class RunStore extends Context.Service<RunStore, RunStoreShape>()("pipeline/track/RunStore") {
  static readonly layer = (layout: StoreLayout) =>
    Layer.effect(
      RunStore,
      Effect.map(Disk, (disk) => RunStore.of(makeRunStore(disk, layout)))
    )
}

/** The end of a run fits, and most beginnings do. */
const endBytes = 8192

/** The lease under which a run is alive. */
export const runLeaseKey = (id: string): Digest => digestOf(`run ${id}`)

/** What a later process does not build on. */
const chatter: ReadonlySet<Event["_tag"]> = new Set(["Metric", "Log", "Progress", "SystemSample"])

/** Events that decide what a later process may believe. */
const decisive = (event: Event): boolean => !chatter.has(event._tag)

const makeRunStore = (disk: DiskShape, layout: StoreLayout): RunStoreShape => {
  const journalOf = (id: string) => `${layout.runs}/${id}/journal.jsonl`
  const planOf = (id: string) => `${layout.runs}/${id}/plan.json`

  const create = (id: string, plan: Digest): Effect.Effect<Journal, StoreFault> =>
    onDisk("start a run in", layout.runs, () => {
      const path = journalOf(id)
      makeLastingDirectory(disk, `${layout.runs}/${id}`)
      disk.link(layout.plan(plan), planOf(id))
      disk.createWhole(path, new Uint8Array())
      disk.syncDirectory(`${layout.runs}/${id}`)
      // A disk that is full takes a part of a line. What is written later must not become a part of that line.
      let torn = false
      return {
        append: (events) => {
          // Progress is for eyes only: nothing can be learned from it later.
          const lines = events
            .filter(({ _tag }) => _tag !== "Progress")
            .map((event) => `${encodeLine(event)}\n`)
          if (lines.length === 0) return
          const text = torn ? ["\n", ...lines] : lines
          torn = true
          disk.append(path, Buffer.from(text.join("")), events.some(decisive))
          torn = false
        }
      }
    })

  const hasJournal = (id: string): boolean => disk.stamp(journalOf(id)) !== undefined
  const ids = onDisk("list", layout.runs, () => disk.list(layout.runs).filter(hasJournal))
  const unstarted = onDisk("list", layout.runs, () => disk.list(layout.runs).filter((id) => !hasJournal(id)))

  const find = Effect.fnUntraced(function* (reference: string) {
    const known = yield* ids
    const back = /^last(?:~(\d+))?$/.exec(reference)
    const found =
      back === null
        ? known.filter((id) => id === reference || id.startsWith(reference))
        : known.toReversed().slice(Number(back[1] ?? 0), Number(back[1] ?? 0) + 1)
    const [only] = found
    if (only === undefined || (found.length > 1 && !found.includes(reference))) {
      return yield* new NoSuchRun({ run: reference, known })
    }
    return found.includes(reference) ? reference : only
  })

  /** @param named the digest that the journal names; journals from before plans were named in them vouch for none */
  const planFor = (id: string, named: Digest | undefined) =>
    onDisk("read", planOf(id), () => {
      if (disk.stamp(planOf(id)) === undefined) return undefined
      const text = Buffer.from(disk.readFile(planOf(id))).toString("utf8")
      return named === undefined || named === digestOf(text) ? decodePlan(text) : undefined
    })

  const plan = (id: string) => Effect.flatMap(ends(id), ({ started }) => planFor(id, started?.plan))

  const planDigest = (id: string) =>
    onDisk("read", planOf(id), () =>
      disk.stamp(planOf(id)) === undefined ? undefined : digestOf(disk.readFile(planOf(id)))
    )

  const piece = (id: string, from: number, most: number) =>
    onDisk("read", journalOf(id), () => readPiece(disk, journalOf(id), from, most))

  const size = (id: string) => onDisk("look at", journalOf(id), () => disk.stamp(journalOf(id))?.size ?? 0)

  const ends = Effect.fnUntraced(function* (id: string) {
    const bytes = yield* size(id)
    if (bytes === 0) return { started: undefined, finished: undefined }
    const [first = ""] = (yield* piece(id, 0, endBytes)).lines
    // From the middle of some line on, which decodes to nothing.
    const last = (yield* piece(id, Math.max(0, bytes - endBytes), endBytes)).lines.at(-1) ?? ""
    const [started, finished] = [decodeEvent(first), decodeEvent(last)].map(Option.getOrUndefined)
    return {
      started: started?._tag === "RunStarted" && started.id === id ? started : undefined,
      finished: finished?._tag === "RunFinished" ? finished : undefined
    }
  })

  const read = Effect.fnUntraced(function* (id: string, only: "everything" | "decisions" = "everything") {
    const journal = yield* onDisk("read", `${layout.runs}/${id}`, () =>
      Buffer.from(disk.readFile(journalOf(id))).toString("utf8")
    )
    const events = journal
      .split("\n")
      .filter((line) => line !== "" && (only === "everything" || !isChatter(line)))
      .flatMap((line) => Option.toArray(decodeEvent(line)))
    const started = events.find((event) => event._tag === "RunStarted")
    // Another run's journal in this one's place tells nothing of this one.
    if (started !== undefined && started.id !== id) return { id, plan: undefined, events: [] }
    return { id, plan: yield* planFor(id, started?.plan), events }
  })

  const pinOf = (id: string) => `${layout.runs}/${id}/pinned`
  const isPinned = (id: string) => onDisk("look at", pinOf(id), () => disk.exists(pinOf(id)))
  const setPinned = (id: string, pinned: boolean) =>
    onDisk("write", pinOf(id), () => {
      if (!pinned) disk.remove(pinOf(id))
      else if (!disk.exists(pinOf(id))) disk.createWhole(pinOf(id), new Uint8Array())
      disk.syncDirectory(`${layout.runs}/${id}`)
    })

  return { create, ids, unstarted, find, read, plan, planDigest, piece, size, ends, isPinned, setPinned }
}
