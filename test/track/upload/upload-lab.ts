/** A store with journals in it, and uploaders that work on them as new processes would. */
import { appendFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { Cause, type Deferred, Duration, Effect, Exit, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { Artifacts } from "../../../src/artifact/artifacts.ts"
import { type Digest, digestOf } from "../../../src/artifact/digest.ts"
import type { DiskShape } from "../../../src/artifact/disk.ts"
import type { StoreLayout } from "../../../src/artifact/layout.ts"
import { Leases } from "../../../src/artifact/leases.ts"
import type { Event } from "../../../src/track/event.ts"
import { Mlflow, type MlflowSettings, type MlflowShape } from "../../../src/track/mlflow/client.ts"
import { encodePlan, type PlanFile } from "../../../src/track/plan-file.ts"
import { type Journal, RunStore, runLeaseKey } from "../../../src/track/run-store.ts"
import type { Report } from "../../../src/track/upload/report.ts"
import type { Registrations } from "../../../src/track/upload/send-lane.ts"
import { type UploadError, type Uploaded, uploadRun } from "../../../src/track/upload/upload.ts"
import { realDisk } from "../../rig/faulty-disk.ts"
import { scratchLayout, storeAt } from "../../rig/scratch-store.ts"
import { plan } from "./stories.ts"

export const settings: MlflowSettings = {
  address: "http://model",
  registryAddress: "http://model",
  experiment: {},
  credentials: { _tag: "none" },
  workspace: undefined,
  tls: { insecure: false, authority: undefined, client: undefined },
  patience: Duration.seconds(1),
  retry: { times: 0, factor: 0, jitter: 0, heedRetryAfter: true },
  multipart: { use: "never", from: 1, part: 1 }
}

/** Nothing here outlives the power, so nothing need be flushed. */
const quickDisk: DiskShape = {
  ...realDisk,
  createWhole: (path, bytes) => writeFileSync(path, bytes, { flag: "wx" }),
  append: (path, bytes) => appendFileSync(path, bytes),
  syncDirectory: () => {}
}

export interface UploadArguments {
  readonly windowBytes?: number
  readonly disk?: DiskShape
  readonly report?: (report: Report) => void
  readonly follow?: { readonly over: Deferred.Deferred<void> }
  readonly registrations?: Registrations
}

export interface UploadLab {
  readonly layout: StoreLayout
  /** Puts an artifact into the store. */
  keep(artifact: Effect.Effect<Digest, unknown, Artifacts>): Effect.Effect<Digest>
  /** Starts a run's journal. */
  write(id: string, events: ReadonlyArray<Event>, torn?: string): Effect.Effect<Journal>
  /** Keeps a run alive until the scope closes. */
  live(id: string): Effect.Effect<void, never, Scope.Scope>
  /** An uploader in a new process. A kill is an exit with a defect. */
  upload(
    id: string,
    client: MlflowShape,
    options?: UploadArguments
  ): Effect.Effect<Exit.Exit<Uploaded, UploadError>>
  /** Removes what uploaders remember of a run. */
  forget(id: string): void
}

export const makeUploadLab = Effect.suspend(() => makeUploadLabOf(plan))

/** @param plan of every run */
export const makeUploadLabOf = Effect.fnUntraced(function* (plan: PlanFile) {
  const layout = yield* scratchLayout
  const text = encodePlan(plan)
  realDisk.makeDirectory(`${layout.root}/plans`)
  writeFileSync(layout.plan(digestOf(text)), text)
  const lab: UploadLab = {
    layout,
    keep: (artifact) => artifact.pipe(Effect.provide(storeAt(layout, quickDisk)), Effect.orDie),
    write: (id, events, torn = "") =>
      Effect.gen(function* () {
        const runs = yield* RunStore
        const journal = yield* runs.create(id, digestOf(text))
        journal.append(events)
        appendFileSync(`${layout.runs}/${id}/journal.jsonl`, torn)
        return journal
      }).pipe(Effect.provide(storeAt(layout, quickDisk)), Effect.orDie),
    live: (id) =>
      Effect.flatMap(Leases, (leases) => leases.acquire(runLeaseKey(id), "a test")).pipe(
        Effect.asVoid,
        Effect.provide(storeAt(layout, quickDisk)),
        Effect.orDie
      ),
    upload: (id, client, { report = () => {}, disk = quickDisk, ...options } = {}) =>
      uploadRun(id, { layout, settings, registrations: [], report, ...options }).pipe(
        Effect.provideService(Mlflow, client),
        Effect.provide(storeAt(layout, disk)),
        // Its pauses pass at once.
        Effect.raceFirst(Effect.forever(TestClock.adjust("1 second"))),
        Effect.catchTag("StoreVersionMismatch", Effect.die),
        Effect.exit
      ),
    forget: (id) => {
      for (const name of readdirSync(`${layout.runs}/${id}`))
        if (name.startsWith("mlflow-")) rmSync(`${layout.runs}/${id}/${name}`)
    }
  }
  return lab
})

/** Whether an exit is the death of its process. */
export const isKilled = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && exit.cause.reasons.some(Cause.isDieReason)
