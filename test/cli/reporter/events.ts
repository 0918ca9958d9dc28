/** Short ways to write events down. Times are in milliseconds, counted from the run's start. */
import * as fc from "fast-check"
import { digestOf } from "../../../src/artifact/digest.ts"
import type { Event, PlannedNode } from "../../../src/track/event.ts"

const provenance = { host: "h", machine: "linux x64", node: "v22", program: "0.1.0", run: "run-1", pid: 1 }

export const runStarted = (nodes: number, at = 0): Event => ({
  _tag: "RunStarted",
  at,
  id: "run-1",
  pipeline: "mnist-advtrain",
  preset: "demo",
  params: { epochs: 1, attack: { epsilon: 0.3, steps: 40 }, filters: [32, 64] },
  nodes,
  store: "artifacts",
  provenance
})

export const cached = (node: string, at = 0, seconds = 10, metrics = {}): Event => ({
  _tag: "NodeCached",
  at,
  node,
  key: digestOf(`key ${node}`),
  digest: digestOf(node),
  seconds,
  metrics
})

export const started = (node: string, at = 0, reason = "no earlier run", attempt = 1): Event => ({
  _tag: "NodeStarted",
  at,
  node,
  key: digestOf(`key ${node}`),
  reason,
  attempt,
  pid: 7
})

export const progress = (node: string, at: number, done: number, total: number, unit = "images"): Event => ({
  _tag: "Progress",
  at,
  node,
  done,
  total,
  unit
})

export const metric = (node: string, at: number, name: string, value: number, step?: number): Event => ({
  _tag: "Metric",
  at,
  node,
  name,
  value,
  ...(step === undefined ? {} : { step })
})

export const log = (
  node: string,
  at: number,
  message: string,
  level: "info" | "warning" = "info"
): Event => ({
  _tag: "Log",
  at,
  node,
  level,
  message
})

export const finished = (node: string, at: number, seconds = 1, metrics = {}, unchanged = false): Event => ({
  _tag: "NodeFinished",
  at,
  node,
  key: digestOf(`key ${node}`),
  digest: digestOf(node),
  seconds,
  bytes: 2048,
  metrics,
  unchanged
})

export const failed = (node: string, at: number, message: string, hint?: string, retry = false): Event => ({
  _tag: "NodeFailed",
  at,
  node,
  failure: { tag: "Boom", message, ...(hint === undefined ? {} : { hint }) },
  seconds: 3,
  retry
})

export const skipped = (node: string, at: number, because: string): Event => ({
  _tag: "NodeSkipped",
  at,
  node,
  because
})

export const waiting = (node: string, at: number, holder = "process 4312 on box"): Event => ({
  _tag: "NodeWaiting",
  at,
  node,
  key: digestOf(`key ${node}`),
  holder
})

export const interrupted = (node: string, at: number, seconds = 2): Event => ({
  _tag: "NodeInterrupted",
  at,
  node,
  seconds
})

export const runFinished = (at: number, status: "done" | "failed" | "interrupted" = "done"): Event => ({
  _tag: "RunFinished",
  at,
  status,
  seconds: at / 1000
})

export const planned = (
  name: string,
  inputs: PlannedNode["inputs"] = {},
  stage = "train-model"
): PlannedNode => ({
  name,
  stage,
  kind: "Model",
  params: { epochs: 1 },
  inputs
})

const text = fc.string({ unit: "binary", maxLength: 12 })
const at = fc.nat()
/** A sum of several stays finite. */
const finite = fc.double({ min: -1e300, max: 1e300, noNaN: true })
const digest = text.map(digestOf)
const metrics = fc.dictionary(text, fc.double(), { maxKeys: 3 })
const scalar = fc.oneof(finite, text, fc.boolean(), fc.constant(null))
const json = fc.dictionary(text, fc.oneof(scalar, fc.array(scalar), fc.dictionary(text, scalar)))
const failure = fc.record(
  { tag: text, message: text, hint: text, stack: text },
  { requiredKeys: ["tag", "message"] }
)
const of = <const T extends Event["_tag"]>(tag: T) => fc.constant(tag)

/** Any event at all. */
export const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    _tag: of("RunStarted"),
    at,
    id: text,
    pipeline: text,
    preset: text,
    params: json,
    nodes: fc.nat(),
    store: text,
    provenance: fc.record({ host: text, machine: text, node: text, program: text, run: text, pid: fc.nat() })
  }),
  fc.record({ _tag: of("NodeCached"), at, node: text, key: digest, digest, seconds: finite, metrics }),
  fc.record({ _tag: of("NodeWaiting"), at, node: text, key: digest, holder: text }),
  fc.record({
    _tag: of("NodeStarted"),
    at,
    node: text,
    key: digest,
    reason: text,
    attempt: fc.nat(),
    pid: fc.nat()
  }),
  fc.record({ _tag: of("Progress"), at, node: text, done: finite, total: finite, unit: text }),
  fc.record(
    { _tag: of("Metric"), at, node: text, name: text, value: fc.double(), step: finite },
    { requiredKeys: ["_tag", "at", "node", "name", "value"] }
  ),
  fc.record({
    _tag: of("Log"),
    at,
    node: text,
    level: fc.constantFrom("debug" as const, "info" as const, "warning" as const, "error" as const),
    message: text
  }),
  fc.record({
    _tag: of("NodeFinished"),
    at,
    node: text,
    key: digest,
    digest,
    seconds: finite,
    bytes: fc.nat(),
    metrics,
    unchanged: fc.boolean()
  }),
  fc.record({ _tag: of("NodeFailed"), at, node: text, failure, seconds: finite, retry: fc.boolean() }),
  fc.record({ _tag: of("NodeSkipped"), at, node: text, because: text }),
  fc.record({ _tag: of("NodeInterrupted"), at, node: text, seconds: finite }),
  fc.record({
    _tag: of("RunFinished"),
    at,
    status: fc.constantFrom("done" as const, "failed" as const, "interrupted" as const),
    seconds: finite
  })
)
