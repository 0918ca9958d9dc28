/**
 * A project in a directory of its own, run in this process.
 *
 * Files are real, bundles are real, stages run in real workers; only the command line is left out. Every run gets new store
 * services, as a new process would, but the workers are shared, because starting one costs more than a small run.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect, Layer } from "effect"
import type { Revision } from "../../src/artifact/action.ts"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { Disk, type DiskShape } from "../../src/artifact/disk.ts"
import { Table } from "../../src/artifact/index.ts"
import { type StoreLayout, storeLayout } from "../../src/artifact/layout.ts"
import { localStore } from "../../src/artifact/local-store.ts"
import { verify } from "../../src/artifact/verify.ts"
import { elaborate } from "../../src/plan/elaborate.ts"
import type { EngineIdentity } from "../../src/plan/key.ts"
import { nodesInScope } from "../../src/plan/scope.ts"
import { forecast } from "../../src/schedule/forecast.ts"
import { runPlan } from "../../src/schedule/run.ts"
import type { EngineChoice } from "../../src/tensor/engine-choice.ts"
import type { Event } from "../../src/track/event.ts"
import { RunStore } from "../../src/track/run-store.ts"
import { foldRun, type RunView } from "../../src/track/run-view.ts"
import { Workers } from "../../src/worker/workers.ts"

export const repository = join(import.meta.dirname, "..", "..")
const framework = join(repository, "src")

/** Imports that every generated file needs. */
export const vocabulary = [
  'import { Effect, Schema } from "effect"',
  `import { Table } from ${JSON.stringify(join(framework, "artifact", "index.ts"))}`,
  `import { Metrics, Pipeline, Stage } from ${JSON.stringify(join(framework, "stage", "index.ts"))}`,
  ""
].join("\n")

export interface LabRun {
  readonly events: ReadonlyArray<Event>
  readonly view: RunView
  /** Names of the nodes that were computed, sorted. */
  readonly ran: ReadonlyArray<string>
  readonly reasons: { readonly [node: string]: string }
  readonly digests: { readonly [node: string]: string }
}

export interface RunArguments {
  readonly sets?: ReadonlyArray<readonly [string, string]>
  readonly force?: ReadonlyArray<string>
  readonly only?: ReadonlyArray<string>
  readonly from?: ReadonlyArray<string>
  readonly keepGoing?: boolean
  readonly cores?: number
  readonly environment?: NodeJS.ProcessEnv
  /** What stages compute with. Default: `cpu`. */
  readonly engine?: EngineChoice
  /** The engine as it is to count in keys. */
  readonly strict?: EngineIdentity
  /** Called for every event as it happens. */
  readonly watch?: (event: Event) => void
  readonly disk?: DiskShape
  /** How the run finds out about version control. */
  readonly revision?: Effect.Effect<Revision | undefined>
}

let runs = 0

export class Lab {
  readonly root = mkdtempSync(join(tmpdir(), "lab-"))
  store = join(this.root, "artifacts")
  private readonly pipeline: string

  constructor(pipeline = "lab") {
    this.pipeline = pipeline
  }

  get layout(): StoreLayout {
    return storeLayout(this.store)
  }

  path(file: string): string {
    return join(this.root, file)
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(this.path(file)), { recursive: true })
    writeFileSync(this.path(file), text)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  /** Copies the store without anything that a run made: the pipeline is known, and nothing is computed. */
  keepPlan(directory: string): void {
    cpSync(this.store, directory, { recursive: true })
    for (const made of ["actions", "cas", "runs", "leases", "checkpoints"])
      rmSync(join(directory, made), { recursive: true, force: true })
    const memos = join(directory, "memos")
    for (const name of readdirSync(memos)) if (name.startsWith("last-")) rmSync(join(memos, name))
  }

  /** The services of the store, as a new process would make them. */
  services(disk?: DiskShape) {
    const base = disk === undefined ? Disk.layer : Layer.succeed(Disk, disk)
    const store = Layer.mergeAll(localStore(this.layout, { create: true }), RunStore.layer(this.layout))
    return store.pipe(Layer.provideMerge(base))
  }

  private plan(options: RunArguments) {
    const project = { root: this.root, packageRoot: repository }
    const scope = { only: options.only ?? [], from: options.from ?? [], force: options.force ?? [] }
    return Effect.gen({ self: this }, function* () {
      const selection = { pipeline: this.pipeline, preset: null, sets: options.sets ?? [] }
      const elaboration = yield* elaborate(project, this.layout, selection)
      return { project, elaboration, nodes: yield* nodesInScope(elaboration, scope) }
    })
  }

  /** Runs the pipeline. A failed stage is part of the result, not a failure. */
  run(options: RunArguments = {}) {
    return Effect.gen({ self: this }, function* () {
      const { project, elaboration, nodes } = yield* this.plan(options)
      const events: Array<Event> = []
      const id = `run-${String(runs++).padStart(6, "0")}`
      yield* runPlan({
        id,
        project,
        layout: this.layout,
        elaboration,
        nodes,
        force: new Set(options.force ?? []),
        keepGoing: options.keepGoing ?? false,
        resources: { cores: options.cores ?? 2, gpu: 0, memory: 1024 },
        provenance: {
          host: "lab",
          machine: "lab",
          node: process.versions.node,
          program: "lab",
          run: id,
          pid: process.pid
        },
        ...(options.revision === undefined ? {} : { revision: options.revision }),
        data: { directory: null, cache: this.path("data-cache"), offline: true },
        environment: options.environment ?? {},
        engine: { choice: options.engine ?? "cpu", strict: options.strict },
        watch: (event) => {
          events.push(event)
          options.watch?.(event)
        }
      })
      return resultOf(events)
    }).pipe(Effect.provide(this.services(options.disk)))
  }

  /** What a run would do. */
  forecast(options: RunArguments = {}) {
    return Effect.gen({ self: this }, function* () {
      const { elaboration, nodes } = yield* this.plan(options)
      const force = new Set(options.force ?? [])
      const { layout, root } = this
      return yield* forecast({
        elaboration,
        nodes,
        layout,
        root,
        force,
        environment: options.environment ?? {},
        engine: options.strict
      })
    }).pipe(Effect.provide(this.services()))
  }

  /** Hashes everything in the store. */
  verify() {
    return verify(false, () => {}).pipe(Effect.provide(this.services()))
  }

  /** The number in the first cell of a node's table. */
  value(run: LabRun, node: string) {
    return Effect.gen(function* () {
      const artifacts = yield* Artifacts
      const digest = run.view.nodes.find(({ name }) => name === node)?.digest
      if (digest === undefined) return undefined
      const table = yield* Table.decode(yield* artifacts.reader(digest))
      return table.rows[0]?.[0]
    }).pipe(Effect.provide(this.services()))
  }
}

const resultOf = (events: ReadonlyArray<Event>): LabRun => {
  const view = foldRun(events)
  const of = <T>(pick: (node: RunView["nodes"][number]) => T | undefined): { readonly [node: string]: T } =>
    Object.fromEntries(
      view.nodes.flatMap((node) => {
        const value = pick(node)
        return value === undefined ? [] : [[node.name, value]]
      })
    )
  return {
    events,
    view,
    ran: view.nodes
      .filter(({ state }) => state === "ran")
      .map(({ name }) => name)
      .sort(),
    reasons: of(({ reason }) => reason),
    digests: of(({ digest }) => digest)
  }
}

/** Workers for a whole test file. */
export const workersLayer = Workers.layer(join(framework, "worker", "main.ts"))
