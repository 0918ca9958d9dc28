/**
 * Law 9: whatever is changed in a store is found, is never taken for what it was, and heals.
 *
 * A store with one of everything is broken in one place, then read and run on; and once more, then verified and repaired.
 * `CORRUPTION=all` breaks every file of it in every way, where by default some are tried on one file of each class.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join, relative } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Actions } from "../../src/artifact/actions.ts"
import { asDigest } from "../../src/artifact/digest.ts"
import { exportArtifact } from "../../src/artifact/export.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { type Damage, verify } from "../../src/artifact/verify.ts"
import { RunStore } from "../../src/track/run-store.ts"
import { cursorsOf, newCursor, writeCursor } from "../../src/track/upload/cursor.ts"
import { verifyRuns } from "../../src/track/verify-runs.ts"
import { fastDisk, makeFaultyDisk } from "../rig/faulty-disk.ts"
import { InlineLab } from "../rig/inline-lab.ts"
import { workersLayer } from "../rig/lab.ts"
import { storeAt } from "../rig/scratch-store.ts"

const everything = process.env["CORRUPTION"] === "all"

/** What a file is, by where it lies. */
const classes: ReadonlyArray<readonly [name: string, path: RegExp]> = [
  ["blob", /^cas\//],
  ["action record", /^actions\//],
  ["checkpoint", /^checkpoints\//],
  ["code", /^code\/.*\.mjs$/],
  ["source map", /^code\/.*\.map$/],
  ["plan", /^plans\//],
  ["memo of an elaboration", /^memos\/[0-9a-f]/],
  ["memo of a run", /^memos\/last-/],
  ["journal", /^runs\/.*\/journal\.jsonl$/],
  ["plan of a run", /^runs\/.*\/plan\.json$/],
  ["cursor", /^runs\/.*\/mlflow-/]
]
const classOf = (path: string): string | undefined => classes.find(([, pattern]) => pattern.test(path))?.[0]

interface Way {
  readonly how: string
  /** @param twin another file of the class, if there is one */
  readonly apply: (path: string, twin: string | undefined) => void
}

const flip = (at: number): Way => ({
  how: `has a bit flipped at ${at} of its bytes`,
  apply: (path) => {
    const bytes = readFileSync(path)
    const index = Math.min(bytes.length - 1, Math.floor(at * bytes.length))
    bytes[index] = (bytes[index] ?? 0) ^ 4
    writeFileSync(path, bytes)
  }
})

const ways: ReadonlyArray<Way> = [
  { how: "is cut to its half", apply: (path) => truncateSync(path, statSync(path).size >> 1) },
  { how: "is cut by one byte", apply: (path) => truncateSync(path, Math.max(0, statSync(path).size - 1)) },
  { how: "is emptied", apply: (path) => truncateSync(path, 0) },
  ...[0, 0.3, 0.6, 0.95].map(flip),
  {
    how: "has the bytes of another of its class",
    apply: (path, twin) => (twin === undefined ? truncateSync(path, 0) : copyFileSync(twin, path))
  },
  {
    how: "is a directory",
    apply: (path) => {
      rmSync(path)
      mkdirSync(path)
      writeFileSync(join(path, "file"), "x")
    }
  },
  {
    how: "is a link to its own bytes outside of the store",
    apply: (path) => {
      renameSync(path, join(path, "../../../../../outside"))
      symlinkSync(join(path, "../../../../../outside"), path)
    }
  },
  {
    how: "is a link to nothing",
    apply: (path) => {
      rmSync(path)
      symlinkSync("/nowhere", path)
    }
  }
]

/** By default each fifth way, another fifth for the next class: every way is tried on two classes or more. */
const waysFor = (path: string): ReadonlyArray<Way> => {
  const index = classes.findIndex(([, pattern]) => pattern.test(path))
  return everything ? ways : ways.filter((_, number) => number % 5 === index % 5)
}

/** The files that a class has a name for. */
const filesOf = (root: string): ReadonlyArray<string> =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => classOf(path) !== undefined)
    .sort()

/** One file of each class, or all of them. */
const chosenOf = (files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.filter((path) => everything || files.find((other) => classOf(other) === classOf(path)) === path)

/** Everything that a store serves, as plain values: what is absent here is what nobody gets to see. */
const served = (layout: StoreLayout, digests: { readonly [node: string]: string }, out: string) =>
  Effect.gen(function* () {
    const runs = yield* RunStore
    const actions = yield* Actions
    const told = new Map<string, string>()
    for (const id of yield* runs.ids) {
      const { plan, events } = yield* runs.read(id)
      if (plan !== undefined) told.set(`${id} plan`, JSON.stringify(plan))
      for (const event of events) told.set(`${id} ${event._tag} ${event.at} ${JSON.stringify(event)}`, "")
      for (const cursor of cursorsOf(fastDisk, layout, id)) told.set(`${id} cursor`, JSON.stringify(cursor))
    }
    for (const key of yield* actions.keys) {
      const found = yield* actions.lookup(key)
      if (found._tag === "Found") told.set(`record ${key}`, JSON.stringify(found.record))
    }
    for (const [node, digest] of Object.entries(digests)) {
      const exported = yield* Effect.option(exportArtifact(asDigest(digest), join(out, node)))
      if (exported._tag === "None") continue
      for (const { path } of exported.value)
        told.set(`${node} ${relative(out, path)}`, readFileSync(path).toString("hex"))
    }
    rmSync(out, { recursive: true, force: true })
    return told
  }).pipe(Effect.provide(storeAt(layout, fastDisk)))

const verified = (layout: StoreLayout, repair: boolean) =>
  Effect.gen(function* () {
    const { damage } = yield* verify(repair, () => {})
    return [...damage, ...(yield* verifyRuns(layout, repair))]
  }).pipe(Effect.provide(storeAt(layout, fastDisk)))

layer(workersLayer, { excludeTestServices: true, timeout: "10 minutes" })("a store", (it) => {
  it.effect(
    "that was broken in one place tells of it, serves nothing of it, and heals",
    () =>
      Effect.acquireUseRelease(
        Effect.sync(() => new InlineLab()),
        (lab) =>
          Effect.gen(function* () {
            lab.startStore()
            const first = yield* lab.run()
            yield* lab.run()
            const whole = lab.path("whole")
            for (const id of fastDisk.list(lab.layout.runs))
              writeCursor(fastDisk, lab.layout, id, newCursor({ server: "http://localhost", wanted: id }))
            lab.endProcess()
            cpSync(lab.store, whole, { recursive: true })
            const before = yield* served(lab.layout, first.digests, lab.path("out"))
            const files = filesOf(whole)
            const chosen = chosenOf(files)
            assert.isAtLeast(chosen.length, classes.length - 1)

            let tried = 0
            for (const path of chosen) {
              const twin = files.find((other) => other !== path && classOf(other) === classOf(path))
              for (const { how, apply } of waysFor(path)) {
                const what = `${classOf(path)} ${path} ${how}`
                const broken = () => {
                  lab.startStore(whole)
                  const target = join(lab.store, path)
                  chmodSync(target, 0o644)
                  apply(target, twin === undefined ? undefined : join(whole, twin))
                }

                yield* Effect.sync(broken)
                const seen = yield* served(lab.layout, first.digests, lab.path("out"))
                for (const [name, value] of seen)
                  assert.strictEqual(value, before.get(name), `${what}: ${name}`)
                const next = yield* lab.run()
                assert.deepStrictEqual(next.digests, first.digests, what)
                assert.strictEqual(next.view.status, "done", what)

                yield* Effect.sync(broken)
                const found = yield* verified(lab.layout, false)
                const isFound = found.some((damage) => damage.path === join(lab.store, path))
                // What loses nothing needs no finding: a journal that ends early is a killed run's.
                const isHarmless = [...before.keys()].every((name) => seen.has(name))
                const isCutJournal = classOf(path) === "journal" && /cut|emptied/.test(how)
                const isMap = classOf(path) === "source map"
                assert.isTrue(isFound || isHarmless || isCutJournal || isMap, `${what} is found`)
                const repaired = yield* verified(lab.layout, true)
                const places = (damage: ReadonlyArray<Damage>) => damage.map((each) => each.path)
                assert.deepStrictEqual(places(repaired), places(found), what)
                // A whole journal under another run's name is all that is left of its own run.
                const isElsewhere = classOf(path) === "journal" && how.startsWith("has the bytes of another")
                const kept = isElsewhere ? [join(lab.store, path)] : []
                assert.deepStrictEqual(places(yield* verified(lab.layout, false)), kept, what)
                // What is whole is not touched.
                for (const other of files) {
                  if (other === path || places(found).includes(join(lab.store, other))) continue
                  assert.isTrue(
                    readFileSync(join(lab.store, other)).equals(readFileSync(join(whole, other))),
                    `${what}: ${other} was whole`
                  )
                }
                lab.endProcess()
                assert.deepStrictEqual((yield* lab.run()).digests, first.digests, what)
                assert.deepStrictEqual(places(yield* verified(lab.layout, false)), kept, what)
                rmSync(lab.store, { recursive: true })
                tried++
              }
            }
            if (everything) process.stderr.write(`${chosen.length} files, broken in ${tried} ways\n`)
          }),
        (lab) => Effect.sync(() => lab.remove())
      ),
    { timeout: 7_200_000 }
  )

  it.effect("of which a file cannot be read keeps it, says so, and is whole when it can be read again", () =>
    Effect.acquireUseRelease(
      Effect.sync(() => new InlineLab()),
      (lab) =>
        Effect.gen(function* () {
          lab.startStore()
          const first = yield* lab.run()
          for (const path of chosenOf(filesOf(lab.store))) {
            const refused = join(lab.store, path)
            const { disk } = makeFaultyDisk(
              (_, performed) =>
                performed.path === refused && /^(readFile|openRead)$/.test(performed.operation)
                  ? { code: "EACCES", done: "nothing" }
                  : undefined,
              fastDisk
            )
            const damage = yield* Effect.gen(function* () {
              const { damage } = yield* verify(true, () => {})
              return [...damage, ...(yield* verifyRuns(lab.layout, true))]
            }).pipe(Effect.provide(storeAt(lab.layout, disk)))
            const told = damage.find((each) => each.path === refused)
            assert.include(told?.problem ?? "", "cannot be read (EACCES)", path)
            assert.strictEqual(told?.repaired, "kept", path)
          }
          assert.deepStrictEqual(yield* verified(lab.layout, false), [])
          assert.deepStrictEqual((yield* lab.run()).digests, first.digests)
        }),
      (lab) => Effect.sync(() => lab.remove())
    )
  )
})
