/**
 * What is to be logged, cut into requests that the server takes.
 *
 * Params and tags go in requests of their own: the server writes params, metrics and tags one after the other, and a
 * refusal of one would leave the others out. NaN goes apart too: servers up to 3.15 refuse one that they have, and all that
 * comes with it.
 */
import { jsonLine } from "../../text/json.ts"
import { serverKey } from "./key.ts"
import type { Adjustment, Entries, NewMetricPoint, Texts } from "./requests.ts"
import { brief, shortened, storable } from "./text.ts"

/** The server's limits. @see MLflow, mlflow/utils/validation.py */
export const limits = {
  metrics: 1000,
  params: 100,
  tags: 100,
  /** Of a request, in bytes. Not every server holds to it. */
  bytes: 1_000_000,
  paramLength: 6000,
  tagLength: 8000
}

/** As they go over the wire. Of constant key order, so that a retry is the same bytes. */
export interface WirePoint {
  readonly key: string
  readonly value: number
  readonly timestamp: number
  readonly step: number
  readonly model_id?: string
  readonly dataset_name?: string
  readonly dataset_digest?: string
}
export interface WireText {
  readonly key: string
  readonly value: string
}

export type Batch =
  | { readonly kind: "params"; readonly params: ReadonlyArray<WireText> }
  | { readonly kind: "metrics" | "nan"; readonly metrics: ReadonlyArray<WirePoint> }
  | { readonly kind: "tags"; readonly tags: ReadonlyArray<WireText> }

export interface Batches {
  readonly batches: ReadonlyArray<Batch>
  readonly adjustments: ReadonlyArray<Adjustment>
}

/** Cuts entries into batches: params, then metrics in their order, then NaNs, then tags. */
export const batchesOf = ({ metrics = [], params = {}, tags = {} }: Entries): Batches => {
  const told = new Map<string, Adjustment>()
  const tell = (what: Adjustment["what"], key: string, message: string) => {
    // A metric has many points; one word about its key is enough.
    if (!told.has(`${what} ${message}`)) told.set(`${what} ${message}`, { what, key, message })
  }
  const keys = new Map<string, string>()
  const taken = (what: Adjustment["what"], key: string): string => {
    const known = keys.get(key)
    const server = known ?? serverKey(storable(key))
    if (known === undefined) keys.set(key, server)
    if (server !== key)
      tell(
        what,
        key,
        `${what} \`${brief(key)}\` is called \`${brief(server)}\` in MLflow, which takes no such key`
      )
    return server
  }
  const wireText =
    (what: "param" | "tag", limit: number) =>
    (key: string, given: string): WireText => {
      const whole = storable(given)
      const value = shortened(whole, limit)
      if (value !== given) {
        const change =
          value === whole ? "lost characters that no database takes" : `was cut to ${limit} characters`
        tell(what, key, `${what} \`${brief(key)}\` ${change}; the journal has it whole`)
      }
      return { key: taken(what, key), value }
    }
  const wirePoint = (point: NewMetricPoint): WirePoint => {
    const { key, value, modelId, dataset } = point
    const step = wholeNumber(point.step)
    if (step !== point.step)
      tell("metric", key, `metric \`${brief(key)}\` has step ${point.step}; MLflow counts it as ${step}`)
    return {
      key: taken("metric", key),
      value,
      timestamp: Math.max(0, wholeNumber(point.timestamp)),
      step,
      ...(modelId === undefined ? {} : { model_id: modelId }),
      ...(dataset === undefined ? {} : { dataset_name: dataset.name, dataset_digest: dataset.digest })
    }
  }
  const points = metrics.map(wirePoint)
  const texts = (what: "param" | "tag", limit: number, given: Texts) =>
    Object.entries(given).map(([key, value]) => wireText(what, limit)(key, value))
  return {
    batches: [
      ...split(texts("param", limits.paramLength, params), limits.params).map(
        (part): Batch => ({ kind: "params", params: part })
      ),
      ...split(
        points.filter(({ value }) => !Number.isNaN(value)),
        limits.metrics
      ).map((part): Batch => ({ kind: "metrics", metrics: part })),
      ...split(
        points.filter(({ value }) => Number.isNaN(value)),
        limits.metrics
      ).map((part): Batch => ({ kind: "nan", metrics: part })),
      ...split(texts("tag", limits.tagLength, tags), limits.tags).map(
        (part): Batch => ({ kind: "tags", tags: part })
      )
    ],
    adjustments: [...told.values()]
  }
}

/** The server drops what follows a fraction, and everything after it; a step too large to be exact is as bad. */
const wholeNumber = (value: number): number => {
  if (Number.isSafeInteger(value)) return value
  if (Number.isNaN(value)) return 0
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(value)))
}

/** What a request needs around its entries. */
const envelopeBytes = 512

/** Pieces of at most `most` items and `limits.bytes` bytes, in order. */
const split = <A>(items: ReadonlyArray<A>, most: number): ReadonlyArray<ReadonlyArray<A>> => {
  const parts: Array<Array<A>> = []
  let bytes = 0
  let part: Array<A> | undefined
  for (const item of items) {
    const size = Buffer.byteLength(jsonLine(item)) + 1
    if (part === undefined || part.length === most || bytes + size > limits.bytes - envelopeBytes) {
      part = []
      bytes = 0
      parts.push(part)
    }
    part.push(item)
    bytes += size
  }
  return parts
}
