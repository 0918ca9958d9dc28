/**
 * Leases: of all processes that share a store, one computes a key.
 *
 * A lease is a file `<key>.<generation>`. The holder alone writes to it and raises its heartbeat; whoever waits watches the
 * heartbeat by its own clock. When it has not moved for `patience`, the holder is dead or frozen, and the next
 * generation may be created; creating a file is atomic, so one waiter wins. A frozen holder that wakes up finds a newer
 * generation and must not publish (fencing). No clock and no process number of another host is ever trusted; in
 * the same place, a process that no longer exists is not waited for.
 */
import { Clock, Context, Duration, Effect, Layer, Schedule, Schema, type Scope } from "effect"
import { type Digest, isDigest } from "./digest.ts"
import { Disk, type DiskShape, isSystemError, type Stamp, uniqueName } from "./disk.ts"
import type { StoreLayout } from "./layout.ts"
import { hasEnded, thisProcess } from "./process-identity.ts"
import type { StoreFault } from "./store-error.ts"
import { onDisk } from "./store-fault.ts"

const LeaseFile = Schema.fromJsonString(
  Schema.Struct({
    owner: Schema.String,
    host: Schema.String,
    place: Schema.String,
    pid: Schema.Int,
    started: Schema.String,
    /** How long it asks to be waited for while it gives no sign of life, in milliseconds. */
    patience: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 3_600_000 })),
    /** What the holder is doing, for those who wait. */
    purpose: Schema.String,
    beat: Schema.Int
  })
)
type LeaseFile = typeof LeaseFile.Type

const encodeLease = Schema.encodeSync(LeaseFile)
const decodeLease = Schema.decodeUnknownOption(LeaseFile)

/** The lease was taken over while its holder was frozen: what the holder computed must not be published. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", { key: Schema.String }) {
  override get message() {
    return `another process took over key ${this.key.slice(0, 8)} while this one stood still`
  }
  get hint() {
    return "nothing is to be done: the run goes on with the other process's result"
  }
}

export interface Lease {
  /** Fails unless the lease is still this process's. To be asked right before publishing. */
  readonly confirm: Effect.Effect<void, LeaseLost | StoreFault>
}

export interface LeasesShape {
  /** How long a holder elsewhere may give no sign of life. */
  readonly patience: Duration.Duration
  /**
   * Tries to take a key's lease, which is given back when the scope closes. Fails with the holder's description while
   * somebody else holds it.
   */
  acquire(key: Digest, purpose: string): Effect.Effect<Lease, LeaseHeld | StoreFault, Scope.Scope>
  /**
   * Who holds a key's lease, if anybody does who may be alive. Changes nothing.
   *
   * @param certainly waits as long as somebody would who wants the lease, before it gives up a holder elsewhere
   */
  holder(key: Digest, certainly?: boolean): Effect.Effect<string | undefined, StoreFault>
  /**
   * Clears away the leases that nobody will come back to: those of processes here that have ended, and those of other places
   * that are a day old and stand still. Succeeds with how many there were.
   */
  readonly sweep: Effect.Effect<number, StoreFault>
}

/** Somebody else holds the lease and is alive, as far as can be told. */
export class LeaseHeld extends Schema.TaggedError<LeaseHeld>()("LeaseHeld", { holder: Schema.String }) {
  override get message() {
    return `it is held by ${this.holder}`
  }
  get hint() {
    return "wait until that is done, and run the same command again"
  }
}

export interface LeaseTimes {
  readonly heartbeat: Duration.Duration
  /** How long a heartbeat may stand still before its holder is given up. */
  readonly patience: Duration.Duration
}

export const defaultLeaseTimes: LeaseTimes = {
  heartbeat: Duration.seconds(1),
  patience: Duration.seconds(10)
}

export class Leases extends Context.Service<Leases, LeasesShape>()("pipeline/artifact/Leases") {
  static readonly layer = (layout: StoreLayout, times: LeaseTimes = defaultLeaseTimes) =>
    Layer.effect(
      Leases,
      Effect.map(Disk, (disk) => Leases.of(makeLeases(disk, layout, times)))
    )
}

/** What a waiter saw of a lease: its content, and since when it has been the same. */
interface Sighting {
  readonly content: string
  /** Monotonic, in nanoseconds of this process. */
  readonly since: bigint
}

/** A lease that this process has taken. */
interface Taken {
  readonly path: string
  readonly generation: number
}

/** How often to look again in a row at what has just changed, and when to stop believing that it will. */
const mostLooks = 100
const enoughLooks = 20

/** After so long without a change, by the file server's clock, nobody wakes up any more. Milliseconds. */
const abandonedAfter = 86_400_000

const makeLeases = (disk: DiskShape, layout: StoreLayout, times: LeaseTimes): LeasesShape => {
  const sightings = new Map<string, Sighting>()
  const pathOf = (key: Digest, generation: number) => `${layout.leases}/${key}.${generation}`

  /** The generations of a key's lease that there are. */
  const generations = (key: Digest): ReadonlyArray<number> =>
    disk
      .list(layout.leases)
      .filter((name) => name.startsWith(`${key}.`))
      .map((name) => Number(name.slice(key.length + 1)))
      .filter(Number.isSafeInteger)

  /** The newest generation of a key's lease; 0 where nobody holds one. */
  const newest = (key: Digest): number => Math.max(0, ...generations(key))

  const read = (path: string): string | undefined => {
    try {
      return Buffer.from(disk.readFile(path)).toString("utf8")
    } catch (error) {
      if (isSystemError(error) && error.code === "ENOENT") return undefined
      throw error
    }
  }

  /** Who cannot say is waited for as this process would be. */
  const patienceFor = (found: LeaseFile | undefined): Duration.Duration =>
    found === undefined ? times.patience : Duration.millis(found.patience)

  /** Whether a lease's holder is to be given up, by what this process has seen of it. */
  const isStale = (path: string, content: string, found: LeaseFile | undefined, now: bigint): boolean => {
    if (found !== undefined && hasEnded(found)) return true
    const seen = sightings.get(path)
    if (seen === undefined || seen.content !== content) {
      sightings.set(path, { content, since: now })
      return false
    }
    return now - seen.since >= Duration.toNanosUnsafe(patienceFor(found))
  }

  const acquire = Effect.fnUntraced(function* (key: Digest, purpose: string) {
    const owner = uniqueName()
    const now = yield* Clock.monotonicTimeNanos
    const patience = Duration.toMillis(times.patience)
    const mine: LeaseFile = { owner, ...thisProcess(), patience, purpose, beat: 0 }
    const taken = yield* Effect.acquireRelease(
      Effect.flatMap(
        onDisk("take a lease in", layout.leases, () => take(key, mine, now)),
        (result) => (typeof result === "string" ? new LeaseHeld({ holder: result }) : Effect.succeed(result))
      ),
      ({ path }) =>
        Effect.ignore(
          onDisk("give back", path, () => void (read(path)?.includes(owner) && disk.remove(path)))
        )
    )
    yield* beat(taken.path, mine).pipe(Effect.forkScoped({ startImmediately: true }))
    const confirm = Effect.flatMap(
      onDisk(
        "confirm",
        taken.path,
        () => newest(key) === taken.generation && read(taken.path)?.includes(owner) === true
      ),
      (held) => (held ? Effect.void : new LeaseLost({ key }))
    )
    return { confirm }
  })

  /** Takes the lease, or says who holds it. */
  const take = (key: Digest, mine: LeaseFile, now: bigint): Taken | string => {
    disk.makeDirectory(layout.leases)
    for (let look = 1; look <= mostLooks; look++) {
      const current = newest(key)
      if (current > 0) {
        const path = pathOf(key, current)
        const content = read(path)
        if (content === undefined) {
          // Gone between listing and reading: its holder has just finished. A name that stays and leads nowhere is nobody's.
          if (look < enoughLooks) continue
        } else {
          const found = decodeLease(content)
          const holder = found._tag === "Some" ? found.value : undefined
          if (!isStale(path, content, holder, now)) return describe(holder)
        }
      }
      const generation = current + 1
      const path = pathOf(key, generation)
      if (!createExclusive(path, mine)) continue
      // Somebody who looked earlier may have taken a higher generation meanwhile: the highest counts.
      if (newest(key) !== generation) {
        disk.remove(path)
        continue
      }
      // Those before it, and what a crash left of those before them.
      for (const older of generations(key)) if (older < generation) disk.remove(pathOf(key, older))
      return { path, generation }
    }
    // Whoever has it is quicker every time.
    return describe(undefined)
  }

  const createExclusive = (path: string, mine: LeaseFile): boolean => {
    const temporary = `${layout.scratch}/${uniqueName()}`
    disk.makeDirectory(layout.scratch)
    try {
      disk.createWhole(temporary, leaseBytes(mine))
      // A file server that did it may have lost its answer, and then says at the second asking that the name is taken.
      return disk.link(temporary, path) || read(path)?.includes(mine.owner) === true
    } finally {
      disk.remove(temporary)
    }
  }

  /**
   * Raises the heartbeat for ever. A disk that fails once must not stop it: the next beat tries again. Who was succeeded
   * while standing still may find somebody else's lease under the same name, and leaves it alone.
   */
  const beat = (path: string, mine: LeaseFile) => {
    let count = 0
    return Effect.suspend(() =>
      Effect.ignore(
        onDisk("write", path, () => {
          if (read(path)?.includes(mine.owner)) disk.overwrite(path, leaseBytes({ ...mine, beat: ++count }))
        })
      )
    ).pipe(Effect.delay(times.heartbeat), Effect.repeat(Schedule.forever))
  }

  const look = (key: Digest) =>
    onDisk("look at the leases in", layout.leases, () => {
      const path = pathOf(key, newest(key))
      const content = read(path)
      if (content === undefined) return undefined
      const found = decodeLease(content)
      const lease = found._tag === "Some" ? found.value : undefined
      if (lease !== undefined && hasEnded(lease)) return undefined
      return { content, lease, isHere: lease?.place === thisProcess().place, stamp: disk.stamp(path) }
    })

  const holder = Effect.fnUntraced(function* (key: Digest, certainly = false) {
    const first = yield* look(key)
    if (first === undefined) return undefined
    if (first.isHere) return describe(first.lease)
    // Of another place nothing is known but whether its heartbeat moves.
    const patience = patienceFor(first.lease)
    yield* Effect.sleep(certainly ? patience : Duration.times(patience, 0.3))
    const second = yield* look(key)
    return second === undefined || second.content === first.content ? undefined : describe(second.lease)
  })

  const keysOfLeases = onDisk("list", layout.leases, () => [
    ...new Set(
      disk
        .list(layout.leases)
        .map((name) => name.replace(/\.\d+$/, ""))
        .filter(isDigest)
    )
  ])

  /** Takes a lease over in the usual way, and gives it back: of two who do so at once, neither takes away a new holder's. */
  const clearAway = (key: Digest) =>
    Effect.scoped(acquire(key, "clearing away")).pipe(
      Effect.as(1),
      Effect.catchTag("LeaseHeld", () => Effect.succeed(0))
    )

  const sweep = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    let swept = 0
    const old: Array<Digest> = []
    for (const key of yield* keysOfLeases) {
      const found = yield* look(key)
      if (found === undefined) swept += yield* clearAway(key)
      else if (!found.isHere && changedAt(found.stamp) < now - abandonedAfter) old.push(key)
    }
    if (old.length === 0) return swept
    // The first look at a lease says nothing yet.
    yield* Effect.forEach(old, clearAway)
    yield* Effect.sleep(times.patience)
    for (const key of old) swept += yield* clearAway(key)
    return swept
  })

  return { patience: times.patience, acquire, holder, sweep }
}

const describe = (lease: LeaseFile | undefined): string =>
  lease === undefined ? "an unknown process" : `${lease.purpose}, process ${lease.pid} on ${lease.host}`

/** Of constant length, so that overwriting in place leaves no rest. */
const leaseBytes = (lease: LeaseFile): Uint8Array => Buffer.from(encodeLease(lease).padEnd(512))

/** Milliseconds since 1970; a file that is gone has just changed. */
const changedAt = (stamp: Stamp | undefined): number =>
  stamp === undefined ? Number.POSITIVE_INFINITY : Number(stamp.modified.split(" ")[0]) / 1e6
