import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { Checkpoints } from "../../src/artifact/checkpoints.ts"
import { digestOf } from "../../src/artifact/digest.ts"
import { Disk } from "../../src/artifact/disk.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { liveCheckpoint } from "../../src/worker/live-checkpoint.ts"
import { makeFaultyDisk, realDisk } from "../rig/faulty-disk.ts"
import { scratchLayout } from "../rig/scratch-store.ts"

const family = digestOf("family")
const key = digestOf("key")
const at = (position: number) => ({ position, progress: position, tensors: new Map() })

const stored = (layout: StoreLayout, disk = realDisk) =>
  Checkpoints.layer(layout).pipe(Layer.provide(Layer.succeed(Disk, disk)))

/** A disk on which writing takes its time, by the test's clock. */
const slow = (layout: StoreLayout, millis: number) =>
  Layer.effect(
    Checkpoints,
    Effect.map(Checkpoints, (store) => ({
      ...store,
      write: (...given: Parameters<typeof store.write>) =>
        Effect.andThen(TestClock.adjust(millis), store.write(...given))
    }))
  ).pipe(Layer.provide(stored(layout)))

const positions = Effect.flatMap(Checkpoints, (store) =>
  Effect.map(store.list(family), (files) => files.map(({ position }) => position))
)

const saying = (lines: Array<string>) =>
  Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])

describe("a stage's checkpoints", () => {
  it.effect("are due twenty seconds after the last one, or after the beginning", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { due, write } = yield* liveCheckpoint(family, key)
        assert.isFalse(yield* due)
        yield* TestClock.adjust("19 seconds")
        assert.isFalse(yield* due)
        yield* TestClock.adjust("1 second")
        assert.isTrue(yield* due)
        yield* write(at(1))
        assert.isFalse(yield* due)
        yield* TestClock.adjust("20 seconds")
        assert.isTrue(yield* due)
      }).pipe(Effect.provide(stored(layout)))
    })
  )

  it.effect("are due later where writing one takes longer than a hundredth of that", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { due, write } = yield* liveCheckpoint(family, key)
        yield* write(at(1))
        yield* TestClock.adjust("29 seconds")
        assert.isFalse(yield* due)
        yield* TestClock.adjust("1 second")
        assert.isTrue(yield* due)
      }).pipe(Effect.provide(slow(layout, 300)))
    })
  )

  it.effect("are due as before when somebody sets the clock back", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const clock = yield* Clock.Clock
      let behind = 0
      const setBack: Clock.Clock = {
        ...clock,
        sleep: (duration) => clock.sleep(duration),
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - behind,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now - behind)
      }
      yield* Effect.gen(function* () {
        const { due } = yield* liveCheckpoint(family, key)
        behind = 3_600_000
        yield* TestClock.adjust("20 seconds")
        assert.isTrue(yield* due)
      }).pipe(Effect.provideService(Clock.Clock, setBack), Effect.provide(stored(layout)))
    })
  )

  it.effect("that are offered cost at most a hundredth of the time", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { offer, write } = yield* liveCheckpoint(family, key)
        yield* offer(at(1))
        assert.deepStrictEqual(yield* positions, [1])
        yield* TestClock.adjust("9900 millis")
        yield* offer(at(2))
        assert.deepStrictEqual(yield* positions, [1])
        yield* write(at(3))
        assert.deepStrictEqual(yield* positions, [3, 1])
        yield* TestClock.adjust("10 seconds")
        yield* offer(at(4))
        assert.deepStrictEqual(yield* positions, [4, 3])
      }).pipe(Effect.provide(slow(layout, 100)))
    })
  )

  it.effect("are the furthest that is whole and fits", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { latest, write } = yield* liveCheckpoint(family, key)
        assert.isUndefined(yield* latest(() => true))
        yield* (yield* liveCheckpoint(family, digestOf("longer"))).write(at(30))
        yield* write(at(10))
        yield* write(at(20))
        assert.strictEqual((yield* latest(() => true))?.position, 30)
        assert.strictEqual((yield* latest((progress) => Number(progress) < 30))?.position, 20)
        assert.isUndefined(yield* latest(() => false))
      }).pipe(Effect.provide(stored(layout)))
    })
  )

  it.effect("that are parts of a result stay, all of them, and are found by where they begin", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      yield* Effect.gen(function* () {
        const { keepPart, part, due } = yield* liveCheckpoint(family, key)
        yield* TestClock.adjust("20 seconds")
        for (const position of [0, 10, 25, 40]) yield* keepPart(at(position))
        assert.deepStrictEqual(yield* positions, [40, 25, 10, 0])
        assert.isFalse(yield* due)
        assert.strictEqual((yield* part(10))?.progress, 10)
        assert.isUndefined(yield* part(11))
      }).pipe(Effect.provide(stored(layout)))
    })
  )

  it.effect("fail no stage where the disk refuses, and say so", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      const { disk } = makeFaultyDisk((_, { operation }) =>
        operation === "createWhole" || operation === "list" ? { code: "ENOSPC", done: "nothing" } : undefined
      )
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const { latest, write } = yield* liveCheckpoint(family, key)
        yield* write(at(1))
        assert.isUndefined(yield* latest(() => true))
      }).pipe(Effect.provide([stored(layout, disk), saying(lines)]))
      assert.lengthOf(lines, 2)
      assert.match(lines[0] ?? "", /^a checkpoint was not kept: .*no space left/)
      assert.match(lines[1] ?? "", /^checkpoints are not used: .*no space left/)
    })
  )

  it.effect("have a position that is a whole number", () =>
    Effect.gen(function* () {
      const layout = yield* scratchLayout
      for (const position of [-1, 1.5, Number.NaN, 1e15]) {
        const exit = yield* Effect.flatMap(liveCheckpoint(family, key), ({ write }) =>
          write(at(position))
        ).pipe(Effect.provide(stored(layout)), Effect.exit)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      }
    })
  )
})
