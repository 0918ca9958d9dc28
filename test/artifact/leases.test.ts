/** Leases: one holder at a time, no dead one for long, and none that comes back from the dead. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import { Disk } from "../../src/artifact/disk.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { Leases, type LeasesShape, type LeaseTimes } from "../../src/artifact/leases.ts"
import { thisProcess } from "../../src/artifact/process-identity.ts"
import { scratchLayout } from "../rig/scratch-store.ts"

const key = digestOf("a key")
const times: LeaseTimes = { heartbeat: Duration.seconds(1), patience: Duration.seconds(10) }
/** Its heartbeat never comes: it looks like a process that stands still. */
const frozen: LeaseTimes = { ...times, heartbeat: Duration.hours(1) }

/** The leases of a store as one process sees them. */
const leasesAt = (layout: StoreLayout, as: LeaseTimes = times): Effect.Effect<LeasesShape> =>
  Leases.pipe(
    Effect.map((leases): LeasesShape => leases),
    Effect.provide(Leases.layer(layout, as).pipe(Layer.provide(Disk.layer)))
  )

/** Takes a lease for as long as a scope of its own is open. */
const hold = Effect.fnUntraced(function* (leases: LeasesShape, purpose: string, of: Digest = key) {
  const scope = yield* Scope.make()
  const lease = yield* leases.acquire(of, purpose).pipe(Effect.provideService(Scope.Scope, scope))
  return { lease, release: Scope.close(scope, Exit.void) }
})

/** Who has the lease, as somebody learns who asks for it; nobody where it could be had. */
const refusal = (leases: LeasesShape) =>
  Effect.scoped(leases.acquire(key, "asking")).pipe(
    Effect.as("nobody"),
    Effect.catchTag("LeaseHeld", ({ holder }) => Effect.succeed(holder))
  )

const files = (layout: StoreLayout): ReadonlyArray<string> => readdirSync(layout.leases)

/** A lease of some process that is not this one. */
const leaveBehind = (layout: StoreLayout, text: string): void => {
  mkdirSync(layout.leases, { recursive: true })
  writeFileSync(join(layout.leases, `${key}.7`), text)
}
const leaseOf = (host: string, pid: number): string => {
  const place = host === hostname() ? thisProcess().place : host
  const who = { owner: "somebody", host, place, pid, started: "1", patience: 10_000 }
  return JSON.stringify({ ...who, purpose: "run of old", beat: 3 }).padEnd(512)
}

/** The number of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ["--version"]).pid

describe("a lease", () => {
  it.effect("is held by one at a time, and the others learn by whom", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const [ours, theirs] = [yield* leasesAt(layout), yield* leasesAt(layout)]
      const { lease, release } = yield* hold(ours, "run one")
      yield* lease.confirm
      const holder = `run one, process ${process.pid} on ${hostname()}`
      assert.strictEqual(yield* refusal(theirs), holder)
      assert.strictEqual(yield* refusal(ours), holder)
      assert.strictEqual(yield* theirs.holder(key), holder)

      // Another key is another matter.
      yield* Effect.scoped(theirs.acquire(digestOf("another"), "run two"))

      yield* release
      assert.deepStrictEqual(files(layout), [])
      assert.isUndefined(yield* theirs.holder(key))
      assert.strictEqual(yield* refusal(theirs), "nobody")
    })
  )

  it.effect("that is a link to nothing is nobody's", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const leases = yield* leasesAt(layout)
      mkdirSync(layout.leases, { recursive: true })
      symlinkSync("/nowhere", join(layout.leases, `${key}.7`))
      assert.isUndefined(yield* leases.holder(key))
      const { lease, release } = yield* hold(leases, "run one")
      yield* lease.confirm
      assert.deepStrictEqual(files(layout), [`${key}.8`])
      yield* release
      assert.deepStrictEqual(files(layout), [])
    })
  )

  it.effect("that asks for more than an hour of patience gets as much as one that says nothing", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      leaveBehind(layout, leaseOf("elsewhere", 1).replace("10000", "1e308"))
      const leases = yield* leasesAt(layout)
      assert.strictEqual(yield* refusal(leases), "an unknown process")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* refusal(leases), "nobody")
    })
  )

  it.effect("of which every higher number is none is not asked for in vain for ever", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      mkdirSync(layout.leases, { recursive: true })
      writeFileSync(join(layout.leases, `${key}.${Number.MAX_SAFE_INTEGER}`), "")
      const leases = yield* leasesAt(layout)
      for (let look = 0; look < 2; look++) {
        assert.strictEqual(yield* refusal(leases), "an unknown process")
        yield* TestClock.adjust("10 seconds")
      }
    })
  )

  it.effect("of a holder that is alive is never given up, however long it takes", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const { lease } = yield* hold(yield* leasesAt(layout), "run one")
      const waiter = yield* leasesAt(layout)
      for (let second = 0; second < 60; second++) {
        assert.include(yield* refusal(waiter), "run one")
        yield* TestClock.adjust("1 second")
      }
      yield* lease.confirm
    })
  )

  it.effect("of a holder that stands still is taken over when patience is at its end, and not before", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const sleeper = yield* hold(yield* leasesAt(layout, frozen), "run one")
      const waiter = yield* leasesAt(layout)
      assert.include(yield* refusal(waiter), "run one")
      yield* TestClock.adjust("9 seconds")
      assert.include(yield* refusal(waiter), "run one")
      yield* TestClock.adjust("1 second")
      const heir = yield* hold(waiter, "run two")

      // It wakes up: it must not publish, and what it gives back is not its own any more.
      assert.strictEqual((yield* Effect.flip(sleeper.lease.confirm))._tag, "LeaseLost")
      yield* sleeper.release
      yield* heir.lease.confirm
      assert.include((yield* waiter.holder(key)) ?? "nobody", "run two")
    })
  )

  it.effect("is not waited for by somebody who has only just begun to look", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* hold(yield* leasesAt(layout, frozen), "run one")
      yield* TestClock.adjust("1 minute")
      // No clock but the waiter's own counts: what it sees first may be a moment old.
      assert.include(yield* refusal(yield* leasesAt(layout)), "run one")
    })
  )

  it.effect("is not disturbed by a former holder that wakes up after everybody else has gone", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const sleeper = yield* hold(yield* leasesAt(layout, frozen), "run one")
      const waiter = yield* leasesAt(layout)
      yield* refusal(waiter)
      yield* TestClock.adjust("10 seconds")
      yield* (yield* hold(waiter, "run two")).release

      // The third one's lease has the name that the first one's had. Then the first one's heartbeat goes on.
      const third = yield* hold(yield* leasesAt(layout, frozen), "run three")
      yield* TestClock.adjust("3595 seconds")
      yield* third.lease.confirm
      assert.strictEqual((yield* Effect.flip(sleeper.lease.confirm))._tag, "LeaseLost")
      yield* sleeper.release
      yield* third.lease.confirm
      assert.include((yield* waiter.holder(key)) ?? "nobody", "run three")
    })
  )

  it.effect("of a process of this host that has ended is taken over at once", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const leases = yield* leasesAt(layout)
      leaveBehind(layout, leaseOf(hostname(), deadPid()))
      assert.isUndefined(yield* leases.holder(key))
      const { lease, release } = yield* hold(leases, "run two")
      yield* lease.confirm
      yield* release
      assert.deepStrictEqual(files(layout), [])
    })
  )

  it.effect(
    "of another host is believed for as long as patience lasts: process numbers say nothing there",
    () =>
      Effect.gen(function* () {
        const layout = yield* scratchLayout
        const leases = yield* leasesAt(layout)
        const pid = deadPid()
        leaveBehind(layout, leaseOf("elsewhere", pid))
        assert.strictEqual(yield* refusal(leases), `run of old, process ${pid} on elsewhere`)
        yield* TestClock.adjust("9 seconds")
        assert.include(yield* refusal(leases), "elsewhere")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* refusal(leases), "nobody")
      })
  )

  it.effect("of another host counts as held while its heartbeat moves", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const leases = yield* leasesAt(layout)
      const look = Effect.gen(function* () {
        const looking = yield* Effect.forkChild(leases.holder(key), { startImmediately: true })
        yield* TestClock.adjust("2 seconds")
        return looking
      })

      leaveBehind(layout, leaseOf("elsewhere", 1))
      const still = yield* look
      yield* TestClock.adjust("1 second")
      assert.isUndefined(yield* Fiber.join(still))

      const moving = yield* look
      leaveBehind(layout, leaseOf("elsewhere", 1).replace('"beat":3', '"beat":4'))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(moving), "run of old, process 1 on elsewhere")
    })
  )

  it.effect("that cannot be read is waited for like any other", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const leases = yield* leasesAt(layout)
      leaveBehind(layout, '{"owner":"somebo')
      assert.strictEqual(yield* refusal(leases), "an unknown process")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* refusal(leases), "nobody")
    })
  )

  it.effect("of many who ask at once is had by exactly one", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const all = yield* Effect.forEach(Array.from({ length: 10 }), () => leasesAt(layout))
      const taken = yield* Effect.forEach(
        all,
        (leases, index) => Effect.option(hold(leases, `run ${index}`)),
        {
          concurrency: "unbounded"
        }
      )
      assert.strictEqual(taken.filter(({ _tag }) => _tag === "Some").length, 1)
      assert.strictEqual(files(layout).length, 1)
    })
  )
})

const source = (path: string): string =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../src/artifact", path)).href)

/** A process that works with the leases of a store: `body` is an Effect generator's, with `leases` and `key` at hand. */
const processOn = (
  layout: StoreLayout,
  as: { heartbeat: number; patience: number },
  body: string
): ChildProcess =>
  spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module",
      "--eval",
      `
import { mkdirSync, rmdirSync } from "node:fs"
import { Duration, Effect, Layer, Schedule } from "effect"
import { digestOf } from ${source("digest.ts")}
import { Disk } from ${source("disk.ts")}
import { storeLayout } from ${source("layout.ts")}
import { Leases } from ${source("leases.ts")}
const layout = storeLayout(${JSON.stringify(layout.root)})
const times = { heartbeat: Duration.millis(${as.heartbeat}), patience: Duration.millis(${as.patience}) }
const key = digestOf("a key")
const work = Effect.gen(function* () { const leases = yield* Leases; ${body} })
await Effect.runPromise(Effect.scoped(work).pipe(Effect.provide(Leases.layer(layout, times).pipe(Layer.provide(Disk.layer)))))
`
    ],
    { cwd: join(import.meta.dirname, "../.."), stdio: ["pipe", "pipe", "inherit"] }
  )

const output = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8")
    })
    child.once("close", (code) => resolve(`${text}${code}`))
  })

describe("clearing away", () => {
  const clear = Effect.fnUntraced(function* (layout: StoreLayout) {
    const clearing = yield* Effect.forkChild((yield* leasesAt(layout)).sweep, { startImmediately: true })
    yield* TestClock.adjust("10 seconds")
    return yield* Fiber.join(clearing)
  })
  const daysAgo = (days: number) => {
    const seconds = Date.now() / 1000 - days * 86_400
    return [seconds, seconds] as const
  }

  it.effect("takes the leases of processes here that have ended, and leaves those that are held", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      leaveBehind(layout, leaseOf(hostname(), deadPid()))
      yield* hold(yield* leasesAt(layout), "run two", digestOf("another"))
      writeFileSync(join(layout.leases, "notes.txt"), "mine")
      assert.strictEqual(yield* clear(layout), 1)
      assert.deepStrictEqual(files(layout), [`${digestOf("another")}.1`, "notes.txt"].sort())
    })
  )

  it.effect("takes those of other hosts when they are a day old and stand still", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* TestClock.setTime(Date.now())
      const path = join(layout.leases, `${key}.7`)
      leaveBehind(layout, leaseOf("elsewhere", 1))
      assert.strictEqual(yield* clear(layout), 0, "it is young")
      utimesSync(path, ...daysAgo(2))
      const moving = yield* Effect.forkChild((yield* leasesAt(layout)).sweep, { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      writeFileSync(path, leaseOf("elsewhere", 1).replace('"beat":3', '"beat":4'))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(moving), 0, "its heartbeat moves, whatever a clock says")
      utimesSync(path, ...daysAgo(2))
      assert.strictEqual(yield* clear(layout), 1)
      assert.deepStrictEqual(files(layout), [])
    })
  )
})

describe("processes", () => {
  it.live("never are two at a time in what a lease protects", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      // The first thing they all meet is the lease of a dead process.
      leaveBehind(layout, leaseOf(hostname(), deadPid()))
      const section = JSON.stringify(join(layout.root, "section"))
      const children = Array.from({ length: 5 }, () =>
        processOn(
          layout,
          { heartbeat: 1000, patience: 60_000 },
          `
  const turn = Effect.scoped(Effect.gen(function* () {
    const lease = yield* leases.acquire(key, "a turn")
    mkdirSync(${section})
    yield* Effect.sleep(2)
    yield* lease.confirm
    rmdirSync(${section})
  }))
  const patiently = { while: (error) => error._tag === "LeaseHeld", schedule: Schedule.spaced(1) }
  for (let turns = 0; turns < 10; turns++) yield* Effect.retry(turn, patiently)
  console.log("ten turns")`
        )
      )
      const ends = yield* Effect.promise(() => Promise.all(children.map(output)))
      assert.deepStrictEqual(
        ends,
        children.map(() => "ten turns\n0")
      )
      assert.deepStrictEqual(files(layout), [])
    })
  )

  it.live("that were stopped and go on find out that they were succeeded", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const child = processOn(
        layout,
        { heartbeat: 20, patience: 400 },
        `
  const lease = yield* leases.acquire(key, "the stopped one")
  console.log("held")
  yield* Effect.promise(() => new Promise((resolve) => process.stdin.once("data", resolve)))
  console.log(yield* lease.confirm.pipe(Effect.as("kept"), Effect.catchTag("LeaseLost", () => Effect.succeed("lost"))))
  process.stdin.destroy()`
      )
      const end = output(child)
      const leases = yield* leasesAt(layout, {
        heartbeat: Duration.millis(20),
        patience: Duration.millis(400)
      })
      // Whoever asked for the lease itself would hold it for a moment, and could refuse the child.
      while (!(yield* leases.holder(key))?.startsWith("the stopped one")) yield* Effect.sleep("20 millis")

      child.kill("SIGSTOP")
      const taken = hold(leases, "the heir").pipe(Effect.option)
      let heir = yield* taken
      while (heir._tag === "None") {
        yield* Effect.sleep("20 millis")
        heir = yield* taken
      }
      child.kill("SIGCONT")
      child.stdin?.write("confirm\n")
      assert.strictEqual(yield* Effect.promise(() => end), "held\nlost\n0")
      yield* heir.value.lease.confirm
      assert.include((yield* leases.holder(key)) ?? "nobody", "the heir")
      yield* heir.value.release
    })
  )
})
