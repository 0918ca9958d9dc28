/** What a stage needs to run in a test, with everything it says written down. */
import { Effect, Layer, Scope } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { Dataset } from "../../src/artifact/index.ts"
import { type DataFile, DataSource, DataUnavailable } from "../../src/data/data-source.ts"
import { Checkpoint, Metrics, Progress } from "../../src/stage/index.ts"
import { Engine } from "../../src/tensor/engine.ts"
import { lazyEngine } from "../../src/tensor/lazy-engine.ts"
import { startedEngine } from "../../src/tensor/started-engine.ts"

/** Services that record; `files` are all that there is to load. */
export const recorded = (files: ReadonlyMap<string, Uint8Array> = new Map()) => {
  const metrics: Record<string, number> = {}
  const progress: Array<readonly [done: number, total: number, unit: string]> = []
  const file = (dataset: string, { name }: DataFile) => {
    const content = files.get(name)
    return content === undefined
      ? Effect.fail(new DataUnavailable({ dataset, file: name, tried: [] }))
      : Effect.succeed(content)
  }
  const layer = Layer.mergeAll(
    Layer.succeed(Metrics, {
      log: (name, value) => Effect.sync(() => void Object.assign(metrics, { [name]: value }))
    }),
    Layer.succeed(Progress, {
      report: (done, total, unit) => Effect.sync(() => void progress.push([done, total, unit]))
    }),
    Layer.succeed(DataSource, { file }),
    Layer.effect(Scope.Scope, Scope.make()),
    Layer.succeed(Checkpoint, {
      latest: () => Effect.undefined,
      write: () => Effect.void,
      offer: () => Effect.void,
      keepPart: () => Effect.succeed(true),
      part: () => Effect.undefined,
      due: Effect.succeed(false)
    }),
    Layer.effect(
      Engine,
      lazyEngine(startedEngine("auto", 1), () => {})
    )
  )
  return { layer, metrics, progress }
}

/** A data set of grey images of one row, each with its label, as a stage's input is. */
export const dataset = (
  rows: ReadonlyArray<readonly [label: number, pixels: ReadonlyArray<number>]>,
  { name = "tiny", classes = ["a", "b", "c"] } = {}
): Dataset => ({
  ...Dataset.fromArrays({
    info: { name, shape: [1, rows[0]?.[1].length ?? 1, 1], classes, notes: {} },
    images: Uint8Array.from(rows.flatMap(([, pixels]) => pixels)),
    labels: Int32Array.from(rows.map(([label]) => label))
  }),
  digest: digestOf(name)
})
