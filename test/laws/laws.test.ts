/**
 * The laws of the cache, as one property: random projects, random changes to real files, and after each change a real run
 * that is compared with the model of `world.ts`.
 *
 * - nothing changed, or only what cannot matter: nothing runs (law 1)
 * - a change reaches exactly its dependents, to the function (law 2), and no further than the values differ (law 3)
 * - back to an earlier state: all hits (law 4)
 * - a damaged or missing artifact or record is computed again, to the same digest (law 5)
 * - failures are never cached (law 6)
 * - every node that runs has a reason, and the forecast never calls such a node cached (law 12)
 *
 * `LAWS_RUNS` sets how many random projects are tried.
 */
import { cpSync, readdirSync, rmSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { asDigest } from "../../src/artifact/digest.ts"
import type { Workers } from "../../src/worker/workers.ts"
import { damage } from "../rig/damage.ts"
import { Lab, type LabRun, workersLayer } from "../rig/lab.ts"
import { expectedOf, failing, type World, writeWorld } from "./world.ts"

type Change =
  | { readonly _tag: "Param"; readonly node: number; readonly a: number }
  | { readonly _tag: "Helper"; readonly helper: number; readonly constant: number }
  | { readonly _tag: "Stage"; readonly stage: number; readonly constant: number }
  | { readonly _tag: "Rename"; readonly node: number }
  | { readonly _tag: "Cosmetic" | "MoveFile" | "Touch" | "CopyStore" | "Back" }
  | {
      readonly _tag: "Damage"
      readonly node: number
      readonly how: "flip" | "truncate" | "delete" | "record" | "torn"
    }

const small = fc.integer({ min: 0, max: 3 })

const world: fc.Arbitrary<World> = fc
  .record({
    helpers: fc.array(small, { minLength: 2, maxLength: 3 }),
    stages: fc.array(
      fc.record({ constant: small, modulus: fc.constantFrom(2, 3, 1000), uses: fc.subarray([0, 1]) }),
      { minLength: 2, maxLength: 3 }
    ),
    shape: fc.array(fc.record({ stage: fc.nat(), a: small, inputs: fc.array(fc.nat(), { maxLength: 3 }) }), {
      minLength: 3,
      maxLength: 7
    })
  })
  .map(({ helpers, stages, shape }) => ({
    helpers,
    stages,
    cosmetic: 0,
    helperFile: "helpers",
    nodes: shape.map(({ stage, a, inputs }, i) => ({
      name: `n${i}`,
      stage: stage % stages.length,
      a,
      inputs: i === 0 ? [] : [...new Set(inputs.map((input) => input % i))]
    }))
  }))

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("Param" as const),
      node: fc.nat(),
      a: fc.oneof({ weight: 6, arbitrary: small }, { weight: 1, arbitrary: fc.constant(failing) })
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({ _tag: fc.constant("Helper" as const), helper: fc.nat(), constant: small })
  },
  {
    weight: 2,
    arbitrary: fc.record({ _tag: fc.constant("Stage" as const), stage: fc.nat(), constant: small })
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Rename" as const), node: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constantFrom(
        "Cosmetic" as const,
        "MoveFile" as const,
        "Touch" as const,
        "CopyStore" as const,
        "Back" as const
      )
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constant("Damage" as const),
      node: fc.nat(),
      how: fc.constantFrom(
        "flip" as const,
        "truncate" as const,
        "delete" as const,
        "record" as const,
        "torn" as const
      )
    })
  }
)

const replaceAt = <T>(list: ReadonlyArray<T>, index: number, update: (item: T) => T): ReadonlyArray<T> =>
  list.map((item, i) => (i === index % list.length ? update(item) : item))

/** The world after a change. Changes to the store alone leave it as it is. */
const applyTo = (now: World, before: World, change: Change, step: number): World => {
  switch (change._tag) {
    case "Param":
      return { ...now, nodes: replaceAt(now.nodes, change.node, (node) => ({ ...node, a: change.a })) }
    case "Helper":
      return { ...now, helpers: replaceAt(now.helpers, change.helper, () => change.constant) }
    case "Stage":
      return {
        ...now,
        stages: replaceAt(now.stages, change.stage, (stage) => ({ ...stage, constant: change.constant }))
      }
    case "Rename":
      return {
        ...now,
        nodes: replaceAt(now.nodes, change.node, (node) => ({ ...node, name: `${node.name}x` }))
      }
    case "Cosmetic":
      return { ...now, cosmetic: now.cosmetic + 1 }
    case "MoveFile":
      return { ...now, helperFile: `helpers${step}` }
    case "Back":
      return before
    default:
      return now
  }
}

/** Changes to files that leave their content alone, or to the store. Returns whether artifacts were damaged. */
const applyOutside = (lab: Lab, change: Change, last: LabRun, step: number): boolean => {
  if (change._tag === "Touch") {
    for (const file of ["pipelines/lab.ts", ...readdirSync(lab.path("lib")).map((name) => `lib/${name}`)]) {
      utimesSync(lab.path(file), step, step)
    }
  }
  if (change._tag === "CopyStore") {
    const copy = lab.path(`artifacts-${step}`)
    cpSync(lab.store, copy, { recursive: true })
    rmSync(lab.store, { recursive: true })
    lab.store = copy
  }
  if (change._tag !== "Damage") return false
  const nodes = last.view.nodes.filter(({ digest }) => digest !== undefined)
  const node = nodes[change.node % Math.max(1, nodes.length)]
  if (node?.digest === undefined || node.key === undefined) return false
  damage(lab.layout, change.how, { key: asDigest(node.key), artifact: asDigest(node.digest) }, step)
  return true
}

/** Everything that must hold after a run. */
const check = Effect.fnUntraced(function* (
  lab: Lab,
  world: World,
  run: LabRun,
  computed: Set<string>,
  digestOfValue: Map<number, string>,
  damaged: boolean
) {
  const expected = expectedOf(world)
  const states = new Map(run.view.nodes.map(({ name, state }) => [name, state]))
  const missing = new Set(
    expected.filter(({ fate, cause }) => fate === "ok" && !computed.has(cause)).map(({ cause }) => cause)
  )
  const ran = expected.filter(({ name }) => states.get(name) === "ran")

  // Each cause that was never computed is computed once, whichever of its nodes comes first; nothing else runs.
  const causes = ran.map(({ cause }) => cause)
  if (damaged) assert.includeMembers(causes, [...missing])
  else assert.sameMembers(causes, [...missing])

  for (const { name, value, fate } of expected) {
    const state = states.get(name)
    if (fate === "fails") assert.strictEqual(state, "failed", name)
    else if (fate === "unreachable") assert.strictEqual(state, "skipped", name)
    else {
      assert.include(["ran", "cached"], state ?? "", name)
      const digest = run.digests[name] ?? ""
      const known = digestOfValue.get(value ?? -1)
      // Equal values are one artifact, and a value keeps its digest for ever.
      if (known === undefined) digestOfValue.set(value ?? -1, digest)
      else assert.strictEqual(digest, known, name)
    }
  }
  for (const { name, value } of ran) {
    assert.strictEqual(yield* lab.value(run, name), value, name)
    assert.notStrictEqual(run.reasons[name] ?? "", "", name)
  }
  for (const { cause, fate } of expected) if (fate === "ok") computed.add(cause)
})

const runs = Number(process.env["LAWS_RUNS"] ?? 12)

layer(workersLayer, { excludeTestServices: true, timeout: "10 minutes" })("the laws of the cache", (it) => {
  describe("on random projects with random changes", () => {
    it.effect(
      "a node runs exactly if its cause was never computed",
      () =>
        Effect.gen(function* () {
          const services = yield* Effect.context<Workers>()
          yield* Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(world, fc.array(change, { minLength: 2, maxLength: 7 }), (start, changes) =>
                Effect.runPromiseWith(services)(story(start, changes))
              ),
              { numRuns: runs, endOnFailure: true }
            )
          )
        }),
      { timeout: 600_000 }
    )
  })
})

const story = (start: World, changes: ReadonlyArray<Change>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Lab()),
    (lab) =>
      Effect.gen(function* () {
        const computed = new Set<string>()
        const digestOfValue = new Map<number, string>()
        let before = start
        let now = start
        writeWorld(lab, now)
        let last = yield* lab.run({ keepGoing: true })
        yield* check(lab, now, last, computed, digestOfValue, false)

        for (const [step, change] of changes.entries()) {
          const next = applyTo(now, before, change, step)
          if (next.helperFile !== now.helperFile) rmSync(join(lab.root, "lib"), { recursive: true })
          ;[before, now] = [now, next]
          writeWorld(lab, now)
          const damaged = applyOutside(lab, change, last, step)

          const decisions = yield* lab.forecast({ keepGoing: true })
          last = yield* lab.run({ keepGoing: true })
          yield* check(lab, now, last, computed, digestOfValue, damaged)
          // What was damaged was noticed, and is whole again.
          if (damaged) assert.deepStrictEqual((yield* lab.verify()).damage, [])
          for (const { node, decision } of decisions) {
            if (decision === "cached") assert.notInclude(last.ran, node)
          }

          // Nothing changed: nothing runs.
          last = yield* lab.run({ keepGoing: true })
          assert.deepStrictEqual(last.ran, [])
        }
      }),
    (lab) => Effect.sync(() => lab.remove())
  )
