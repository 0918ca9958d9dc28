/** A store in a directory of its own that goes with the test, without a project around it. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { ActionRecord } from "../../src/artifact/action.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import { Disk, type DiskShape } from "../../src/artifact/disk.ts"
import { type StoreLayout, storeLayout } from "../../src/artifact/layout.ts"
import { localStore } from "../../src/artifact/local-store.ts"
import { RunStore } from "../../src/track/run-store.ts"
import { realDisk } from "./faulty-disk.ts"

/** A directory that is removed when the scope closes. */
export const scratchDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "store-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** Where a store that does not exist yet may be made. */
export const scratchLayout = Effect.map(scratchDirectory, (directory) =>
  storeLayout(join(directory, "artifacts"))
)

/** The store's services, as a new process would make them. */
export const storeAt = (layout: StoreLayout, disk: DiskShape = realDisk) =>
  Layer.mergeAll(localStore(layout, { create: true }), RunStore.layer(layout)).pipe(
    Layer.provideMerge(Layer.succeed(Disk, disk))
  )

/** What lies in the scratch directory of a store: nothing, unless something was left behind. */
export const leftovers = (layout: StoreLayout): ReadonlyArray<string> =>
  existsSync(layout.scratch) ? readdirSync(layout.scratch) : []

/** A record with made-up circumstances. */
export const recordOf = (key: string, output: Digest, stage = "stage"): ActionRecord => ({
  format: 1,
  key: digestOf(key),
  stage,
  output,
  kind: "Table",
  bytes: 1,
  seconds: 1.5,
  startedAt: 1_700_000_000_000,
  metrics: { loss: 0.25 },
  provenance: { host: "h", machine: "m", node: "22", program: "p", run: "r", pid: 1 }
})
