/**
 * Law 8: after a power cut at any moment, the next run completes to the same digests, and nothing corrupt is served.
 *
 * `POWER_CUTS` sets how many moments are tried.
 */
import { cpSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import fc from "fast-check"
import { asDigest } from "../../src/artifact/digest.ts"
import { exportArtifact } from "../../src/artifact/export.ts"
import { verify } from "../../src/artifact/verify.ts"
import { RunStore } from "../../src/track/run-store.ts"
import type { Workers } from "../../src/worker/workers.ts"
import { chanceFrom } from "../rig/chance.ts"
import { fastDisk } from "../rig/faulty-disk.ts"
import { InlineLab } from "../rig/inline-lab.ts"
import { workersLayer } from "../rig/lab.ts"
import { PowerCutDisk } from "../rig/power-cut.ts"
import { storeAt } from "../rig/scratch-store.ts"

const cuts = Number(process.env["POWER_CUTS"] ?? 45)
const never = Number.POSITIVE_INFINITY

layer(workersLayer, { excludeTestServices: true, timeout: "10 minutes" })("after a power cut", (it) => {
  it.effect(
    "the store is sound, what was finished is still there, and the next run completes the rest",
    () =>
      Effect.acquireUseRelease(
        Effect.sync(() => new InlineLab()),
        (lab) =>
          Effect.gen(function* () {
            const services = yield* Effect.context<Workers>()
            lab.startStore()
            const undisturbed = yield* lab.run()
            assert.lengthOf(Object.keys(undisturbed.digests), 4)
            const prepared = lab.path("prepared")
            yield* Effect.sync(() => lab.keepPlan(prepared))
            // How much happens in an empty store, and in one that knows the pipeline.
            const counts = yield* Effect.forEach([undefined, prepared], (store) =>
              Effect.map(runUntil(lab, never, 0, store), ({ power }) => power.count)
            )
            yield* Effect.promise(() =>
              fc.assert(
                fc.asyncProperty(
                  isNewStore,
                  fc.double({ min: 0, max: 1, noNaN: true }),
                  fc.integer(),
                  (isNew, moment, seed) =>
                    Effect.runPromiseWith(services)(
                      oneCut(
                        lab,
                        Math.floor(moment * (counts[isNew ? 0 : 1] ?? 0)),
                        seed,
                        isNew ? undefined : prepared,
                        undisturbed.digests
                      )
                    )
                ),
                { numRuns: cuts, endOnFailure: true }
              )
            )
          }),
        (lab) => Effect.sync(() => lab.remove())
      ),
    { timeout: 600_000 }
  )
})

let parents = 0

/** Building the pipeline takes most of the time, so most stores know it already. */
const isNewStore = fc.nat(4).map((number) => number === 0)

/** Runs the pipeline on a disk whose power goes before operation `cutAt`. */
const runUntil = (lab: InlineLab, cutAt: number, seed: number, prepared: string | undefined) =>
  Effect.gen(function* () {
    const parent = lab.path(`parent-${parents++}`)
    mkdirSync(parent)
    if (prepared !== undefined) cpSync(prepared, join(parent, "artifacts"), { recursive: true })
    const power = new PowerCutDisk(parent, cutAt, chanceFrom(seed))
    lab.useStore(join(parent, "artifacts"))
    const finished = new Map<string, string>()
    const run = yield* lab
      .run(power.disk, (event) => {
        // Told after the cut is not told.
        if (event._tag === "NodeFinished" && !power.isOff) finished.set(event.node, event.digest)
      })
      .pipe(Effect.exit)
    return { parent, power, run, finished }
  })

const oneCut = (
  lab: InlineLab,
  cutAt: number,
  seed: number,
  prepared: string | undefined,
  expected: { readonly [node: string]: string }
) =>
  Effect.gen(function* () {
    const { parent, power, run, finished } = yield* runUntil(lab, cutAt, seed, prepared)
    if (Exit.isFailure(run))
      assert.deepStrictEqual(
        run.cause.reasons.map(({ _tag }) => _tag),
        ["Fail"],
        Cause.pretty(run.cause)
      )
    const after = `${parent}-after`
    power.restart(after)
    lab.useStore(join(after, "artifacts"))
    lab.endProcess()
    const services = storeAt(lab.layout, fastDisk)

    // What has a name in the store is whole, before anything repaired it.
    const found = yield* verify(false, () => {}).pipe(Effect.provide(services))
    assert.deepStrictEqual(found.damage, [])

    // The journal tells of every node that was said to be finished.
    const told = yield* Effect.gen(function* () {
      const runs = yield* RunStore
      const ids = yield* runs.ids
      const stored = yield* Effect.forEach(ids, (id) => runs.read(id))
      return stored.flatMap(({ events }) => events)
    }).pipe(Effect.provide(services))
    const finishedAfter = told.flatMap((event) => (event._tag === "NodeFinished" ? [event.node] : []))
    assert.includeMembers(finishedAfter, [...finished.keys()])

    const next = yield* lab.run()
    assert.deepStrictEqual(next.digests, expected)
    assert.strictEqual(next.view.status, "done")
    for (const node of finished.keys()) assert.notInclude(next.ran, node)
    for (const [node, digest] of Object.entries(next.digests)) {
      yield* exportArtifact(asDigest(digest), join(after, "exported", node)).pipe(Effect.provide(services))
    }
    for (const directory of [parent, after]) rmSync(directory, { recursive: true })
  })
