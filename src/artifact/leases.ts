/**
 * Leases: of all processes that share a store, one computes a key.
 *
 * A lease is a file `<key>.<generation>`. The holder alone writes to it and raises its heartbeat; whoever waits watches the
 * heartbeat by its own clock. When it has not moved for `patience`, the holder is dead or frozen, and the next
 * generation may be created; creating a file is atomic, so one waiter wins. A frozen holder that wakes up finds a newer
 * generation and must not publish (fencing). No clock and no process number of another host is ever trusted; on
 * the same host, a process that no longer exists is not waited for.
 */
import { hostname } from "node:os"
import { Clock, Context, Duration, Effect, Layer, Schedule, Schema, type Scope } from "effect"
import type { Digest } from "./digest.ts"
import { Disk, type DiskShape, isSystemError, uniqueName } from "./disk.ts"
import type { StoreLayout } from "./layout.ts"
import type { StoreFault } from "./store-error.ts"
import { onDisk } from "./store-fault.ts"

const LeaseFile = Schema.fromJsonString(
  Schema.Struct({
    owner: Schema.String,
    host: Schema.String,
    pid: Schema.Int,
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
    return "run the same command again: it takes the other process's result"
  }
}

export interface Lease {
  /** Fails unless the lease is still this process's. To be asked right before publishing. */
  readonly confirm: Effect.Effect<void, LeaseLost | StoreFault>
}

export interface LeasesShape {
  /**
   * Tries to take a key's lease, which is given back when the scope closes. Fails with the holder's description while
   * somebody else holds it.
   */
  acquire(key: Digest, purpose: string): Effect.Effect<Lease, LeaseHeld | StoreFault, Scope.Scope>
  /** Who holds a key's lease, if anybody does who may be alive. Changes nothing. */
  holder(key: Digest): Effect.Effect<string | undefined, StoreFault>
}

/** Somebody else holds the lease and is alive, as far as can be told. */
export class LeaseHeld extends Schema.TaggedError<LeaseHeld>()("LeaseHeld", { holder: Schema.String }) {
  override get message() {
    return `held by ${this.holder}`
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

const makeLeases = (disk: DiskShape, layout: StoreLayout, times: LeaseTimes): LeasesShape => {
  const sightings = new Map<string, Sighting>()
  const pathOf = (key: Digest, generation: number) => `${layout.leases}/${key}.${generation}`

  /** The newest generation of a key's lease; 0 where nobody holds one. */
  const newest = (key: Digest): number =>
    disk
      .list(layout.leases)
      .filter((name) => name.startsWith(`${key}.`))
      .reduce((highest, name) => Math.max(highest, Number(name.slice(key.length + 1))), 0)

  const read = (path: string): string | undefined => {
    try {
      return Buffer.from(disk.readFile(path)).toString("utf8")
    } catch (error) {
      if (isSystemError(error) && error.code === "ENOENT") return undefined
      throw error
    }
  }

  /** Whether a lease's holder is to be given up, by what this process has seen of it. */
  const isStale = (path: string, content: string, found: LeaseFile | undefined, now: bigint): boolean => {
    if (found !== undefined && found.host === hostname() && !isAlive(found.pid)) return true
    const seen = sightings.get(path)
    if (seen === undefined || seen.content !== content) {
      sightings.set(path, { content, since: now })
      return false
    }
    return now - seen.since >= Duration.toNanosUnsafe(times.patience)
  }

  const acquire = Effect.fnUntraced(function* (key: Digest, purpose: string) {
    const owner = uniqueName()
    const now = yield* Clock.monotonicTimeNanos
    const mine: LeaseFile = { owner, host: hostname(), pid: process.pid, purpose, beat: 0 }
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
  const take = (key: Digest, mine: LeaseFile, now: bigint): { path: string; generation: number } | string => {
    disk.makeDirectory(layout.leases)
    const current = newest(key)
    if (current > 0) {
      const path = pathOf(key, current)
      const content = read(path)
      // Gone between listing and reading: its holder has just finished.
      if (content === undefined) return take(key, mine, now)
      const found = decodeLease(content)
      const holder = found._tag === "Some" ? found.value : undefined
      if (!isStale(path, content, holder, now)) {
        return describe(holder)
      }
    }
    const generation = current + 1
    const path = pathOf(key, generation)
    if (!createExclusive(path, mine)) return take(key, mine, now)
    // Somebody who looked earlier may have taken a higher generation meanwhile: the highest counts.
    if (newest(key) !== generation) {
      disk.remove(path)
      return take(key, mine, now)
    }
    if (current > 0) disk.remove(pathOf(key, current))
    return { path, generation }
  }

  const createExclusive = (path: string, mine: LeaseFile): boolean => {
    const temporary = `${layout.scratch}/${uniqueName()}`
    disk.makeDirectory(layout.scratch)
    try {
      disk.createWhole(temporary, leaseBytes(mine))
      return disk.link(temporary, path)
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
      const content = read(pathOf(key, newest(key)))
      if (content === undefined) return undefined
      const found = decodeLease(content)
      const lease = found._tag === "Some" ? found.value : undefined
      const isHere = lease?.host === hostname()
      return isHere && !isAlive(lease.pid) ? undefined : { content, lease, isHere }
    })

  const holder = Effect.fnUntraced(function* (key: Digest) {
    const first = yield* look(key)
    if (first === undefined) return undefined
    if (first.isHere) return describe(first.lease)
    // Of another host nothing is known but whether its heartbeat moves.
    yield* Effect.sleep(Duration.times(times.heartbeat, 3))
    const second = yield* look(key)
    return second === undefined || second.content === first.content ? undefined : describe(second.lease)
  })

  return { acquire, holder }
}

const describe = (lease: LeaseFile | undefined): string =>
  lease === undefined ? "an unknown process" : `${lease.purpose}, process ${lease.pid} on ${lease.host}`

/** Of constant length, so that overwriting in place leaves no rest. */
const leaseBytes = (lease: LeaseFile): Uint8Array => Buffer.from(encodeLease(lease).padEnd(512))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not ours to signal, but there.
    return isSystemError(error) && error.code === "EPERM"
  }
}
