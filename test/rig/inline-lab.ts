/**
 * A small pipeline whose stages run in this process, over the disk that a test gives.
 *
 * Workers are processes with a disk of their own, where no test can make anything fail. Here only the pipeline is built
 * in a real worker; stages are plain functions of the same names, so everything that a run writes passes the test's disk.
 */
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { Blobs } from "../../src/artifact/blobs.ts"
import { Checkpoints } from "../../src/artifact/checkpoints.ts"
import type { Digest } from "../../src/artifact/digest.ts"
import { Disk, type DiskShape } from "../../src/artifact/disk.ts"
import { type CodecError, Dataset, Evaluation, Model } from "../../src/artifact/index.ts"
import { type StoreLayout, storeLayout } from "../../src/artifact/layout.ts"
import type { StoreError } from "../../src/artifact/store-error.ts"
import type { CheckpointShape } from "../../src/stage/checkpoint.ts"
import type { Event } from "../../src/track/event.ts"
import { liveCheckpoint } from "../../src/worker/live-checkpoint.ts"
import type { Request, WiredDigests } from "../../src/worker/protocol.ts"
import { JobFailed, Workers, type WorkersShape } from "../../src/worker/workers.ts"
import { fastDisk } from "./faulty-disk.ts"
import { Lab, repository } from "./lab.ts"

const module = (path: string) => JSON.stringify(join(repository, "src", path))

const pipeline = `
import { Effect, Schema } from "effect"
import { Dataset, Evaluation, Model } from ${module("artifact/index.ts")}
import { Pipeline, Stage } from ${module("stage/index.ts")}

const none = Schema.Struct({})
const elsewhere = function* () { return yield* Effect.die("runs in the test") }
export const digits = Stage.make("digits", { inputs: {}, params: none, output: Dataset, run: elsewhere })
export const shuffled = Stage.make("shuffled", { inputs: { images: Dataset }, params: none, output: Dataset, run: elsewhere })
export const trained = Stage.make("trained", {
  inputs: { images: Dataset }, params: Schema.Struct({ epochs: Schema.Int }), output: Model,
  checkpoint: { continues: ["epochs"] }, run: elsewhere
})
export const score = Stage.make("score", { inputs: { model: Model, images: Dataset }, params: none, output: Evaluation, run: elsewhere })

export default Pipeline.make("lab", {
  description: "", params: none, presets: { demo: {} }, defaultPreset: "demo",
  build: () => {
    const images = digits({}, {})
    const mixed = shuffled({ images }, {})
    const model = trained({ images: mixed }, { epochs: 3 })
    return { images, mixed, model, result: score({ model, images }, {}) }
  }
})
`

type Job = (
  input: (name: string) => Digest,
  artifacts: Artifacts["Service"],
  checkpoint: CheckpointShape,
  variant: number
) => Effect.Effect<Digest, CodecError | StoreError>

const epochs = 3

const count = 24
const info = { name: "digits", shape: [2, 2, 1], classes: ["even", "odd"], notes: {} } as const

const datasetAt = (artifacts: Artifacts["Service"], digest: Digest) =>
  Effect.flatMap(artifacts.reader(digest), Dataset.decode)

const jobs: { readonly [stage: string]: Job } = {
  digits: (_, artifacts, __, variant) =>
    artifacts.write(
      Dataset,
      Dataset.fromArrays({
        info,
        images: Uint8Array.from({ length: count * 4 }, (_, i) => (i * 37 + variant * (1 + (i % 5))) % 256),
        labels: Int32Array.from({ length: count }, (_, i) => i % 2)
      })
    ),
  shuffled: (input, artifacts) =>
    Effect.gen(function* () {
      const images = yield* datasetAt(artifacts, input("images"))
      const order = Int32Array.from({ length: count }, (_, i) => (i * 7) % count)
      return yield* artifacts.write(Dataset, yield* Dataset.combine([images], { info, order }))
    }),
  trained: (input, artifacts, checkpoint) =>
    Effect.gen(function* () {
      const { images } = yield* (yield* datasetAt(artifacts, input("images"))).rows(0, count)
      const found = yield* checkpoint.latest(() => true)
      let weight = Number(found?.tensors.get("w")?.data[0] ?? 0)
      for (let epoch = found?.position ?? 0; epoch < epochs; epoch++) {
        weight = images.reduce((sum, pixel, at) => sum + pixel * (at + epoch), weight)
        const tensors = new Map([["w", { dtype: "F64", shape: [1], data: Float64Array.of(weight) } as const]])
        yield* checkpoint.write({ position: epoch + 1, progress: { epoch }, tensors })
      }
      const data = Float32Array.of(weight)
      const weights = new Map([["w", { dtype: "F32", shape: [1], data } as const]])
      return yield* artifacts.write(Model, { network: { name: "net", layers: [] }, weights })
    }),
  score: (input, artifacts) =>
    Effect.gen(function* () {
      const { weights } = yield* Effect.flatMap(artifacts.reader(input("model")), Model.decode)
      const { labels } = yield* (yield* datasetAt(artifacts, input("images"))).rows(0, count)
      const metrics = { weight: weights.get("w")?.data[0] ?? 0 }
      const correct = labels.filter((label) => label === 1).length
      return yield* artifacts.write(Evaluation, { title: "t", count, correct, perClass: [], metrics })
    })
}

const single = (inputs: WiredDigests, name: string): Digest => {
  const wire = inputs[name]
  if (typeof wire !== "string") throw new Error(`input ${name} is not one artifact`)
  return wire
}

type RunStage = Extract<Request, { readonly _tag: "RunStage" }>

const runJob = (stage: string, request: RunStage, disk: DiskShape, variant: number) => {
  const layout = storeLayout(request.store)
  const checkpoints = Checkpoints.layer(layout)
  const store = Blobs.layer(layout).pipe(Layer.provideMerge(Layer.succeed(Disk, disk)))
  const job = jobs[stage]
  if (job === undefined) return Effect.die(new Error(`no job for ${stage}`))
  return Effect.gen(function* () {
    const checkpoint = yield* liveCheckpoint(request.checkpoints, request.key)
    return yield* job((name) => single(request.inputs, name), yield* Artifacts, checkpoint, variant)
  }).pipe(
    Effect.map((digest) => ({ _tag: "Stored", digest }) as const),
    Effect.mapError(({ _tag, message }) => new JobFailed({ failure: { tag: _tag, message } })),
    Effect.provide(Layer.mergeAll(Artifacts.layer, checkpoints).pipe(Layer.provide(store)))
  )
}

/** Workers that run stages here, on `disk`, and leave the rest to the real ones. */
const inlineWorkers = (real: WorkersShape, disk: DiskShape, variant: number): WorkersShape => ({
  run: (stage, request, listener) =>
    request._tag === "RunStage"
      ? Effect.suspend(() => {
          listener.started(process.pid)
          return runJob(stage, request, disk, variant)
        })
      : real.run(stage, request, listener)
})

export class InlineLab {
  readonly #lab = new Lab()
  #stores = 0
  /** What the first stage's images depend on besides its key: another variant is as good as other code. */
  variant = 0

  constructor() {
    this.#lab.write("pipelines/lab.ts", pipeline)
  }

  get layout(): StoreLayout {
    return this.#lab.layout
  }

  get store(): string {
    return this.#lab.store
  }

  remove(): void {
    this.#lab.remove()
  }

  /** From now on another store is used: an empty one, or a copy. */
  startStore(copyOf?: string): void {
    this.#lab.store = this.#lab.path(`store-${this.#stores++}`)
    if (copyOf !== undefined) cpSync(copyOf, this.#lab.store, { recursive: true })
  }

  useStore(directory: string): void {
    this.#lab.store = directory
  }

  path(file: string): string {
    return this.#lab.path(file)
  }

  /** Runs the pipeline, everything on the given disk. */
  run(
    disk: DiskShape = fastDisk,
    watch: (event: Event) => void = () => {},
    force: ReadonlyArray<string> = []
  ) {
    return Effect.flatMap(Workers, (real) =>
      this.#lab
        .run({ disk, keepGoing: true, watch, force })
        .pipe(Effect.provideService(Workers, inlineWorkers(real, disk, this.variant)))
    )
  }

  /** Copies the store without anything that a run made: the pipeline is known, and nothing is computed. */
  keepPlan(directory: string): void {
    this.#lab.keepPlan(directory)
  }

  /** What the end of a process does to its leases: on its host, nobody waits for a process that is gone. */
  endProcess(): void {
    rmSync(this.layout.leases, { recursive: true, force: true })
  }
}
