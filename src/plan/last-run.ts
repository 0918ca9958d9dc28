/**
 * What each node of a pipeline last produced, and from what.
 *
 * It answers two questions quickly: is this node still what it was, and if not, what is the first difference? It is a
 * memory and no authority: without it every answer is found in the action cache, only slower.
 */
import { Effect } from "effect"
import type { MetricValues } from "../artifact/action.ts"
import type { BlobStamp } from "../artifact/blobs.ts"
import type { Canonical } from "../artifact/canonical.ts"
import { type Digest, digestOf } from "../artifact/digest.ts"
import { Disk } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import { readSealed, writeSealed } from "../artifact/sealed-file.ts"
import { onDisk } from "../artifact/store-fault.ts"
import type { BoundParts } from "./key.ts"

export interface LastNode extends BoundParts {
  readonly key: Digest
  readonly digest: Digest
  readonly stage: string
  readonly code: string
  readonly params: Canonical
  readonly seconds: number
  readonly bytes: number
  readonly metrics: MetricValues
  /** The stamp of its action record. */
  readonly record: string
  /** Every blob of the artifact with the stamp under which it was found good. */
  readonly blobs: ReadonlyArray<readonly [Digest, BlobStamp]>
}

export interface LastRun {
  /** Stages' code by hash, so that a change can be traced to a file. */
  readonly code: { readonly [hash: string]: StageCode }
  readonly nodes: { readonly [name: string]: LastNode }
}

export interface StageCode {
  readonly modules: { readonly [path: string]: string }
  readonly packages: { readonly [name: string]: string }
}

/** A node by name, and nothing that only happens to be called so. */
export const lastNode = (run: LastRun, name: string): LastNode | undefined => {
  const found = Object.hasOwn(run.nodes, name) ? run.nodes[name] : undefined
  if (found === undefined || Object.values(found.metrics).every((value) => typeof value === "number"))
    return found
  return { ...found, metrics: mapMetrics(found.metrics, Number) }
}

/** JSON has no NaN and no infinities: they are kept as texts. */
const storable = (node: LastNode): object =>
  Object.values(node.metrics).every(Number.isFinite)
    ? node
    : {
        ...node,
        metrics: mapMetrics(node.metrics, (value) => (Number.isFinite(value) ? value : String(value)))
      }

const mapMetrics = <T>(metrics: MetricValues, change: (value: number) => T) =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, change(value)]))

const seal = "last-run-3"
/** What a pipeline's memory is called among the memos. */
export const lastRunName = (pipeline: string) => `last-${digestOf(pipeline).slice(0, 32)}.json`
const pathOf = (layout: StoreLayout, pipeline: string) => `${layout.memos}/${lastRunName(pipeline)}`

const isLastRun = (value: unknown): value is LastRun =>
  typeof value === "object" && value !== null && "nodes" in value && "code" in value

export const readLastRun = Effect.fnUntraced(function* (layout: StoreLayout, pipeline: string) {
  const disk = yield* Disk
  const path = pathOf(layout, pipeline)
  const found = yield* onDisk("read", path, () => readSealed(disk, layout, path, seal))
  return isLastRun(found) ? found : ({ code: {}, nodes: {} } satisfies LastRun)
})

export const writeLastRun = Effect.fnUntraced(function* (
  layout: StoreLayout,
  pipeline: string,
  run: LastRun
) {
  const disk = yield* Disk
  const path = pathOf(layout, pipeline)
  const nodes = Object.fromEntries(Object.entries(run.nodes).map(([name, node]) => [name, storable(node)]))
  yield* onDisk("write", path, () => writeSealed(disk, layout, path, seal, { ...run, nodes }))
})
