/** Runs as they lie in a store, written by hand: what a report, or anybody who looks, finds of them. */
import { mkdirSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import type { Kind } from "../../src/artifact/kind.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { jsonLine } from "../../src/text/json.ts"
import type { Event, PlannedNode } from "../../src/track/event.ts"
import { encodePlan } from "../../src/track/plan-file.ts"

export const at = 1_790_000_000_000

export interface Told {
  readonly id: string
  readonly description?: string
  readonly nodes: ReadonlyArray<PlannedNode>
  readonly params?: RunStarted["params"]
  /** What happened between the run's beginning and its end. */
  readonly events: ReadonlyArray<Event>
  /** How it ended; `undefined` for a run that did not. */
  readonly ended: "done" | "failed" | "interrupted" | undefined
}

type RunStarted = Extract<Event, { _tag: "RunStarted" }>

export const tell = (layout: StoreLayout, told: Told): void => {
  const directory = `${layout.runs}/${told.id}`
  mkdirSync(directory, { recursive: true })
  const { description = "", params = {}, nodes } = told
  const plan = { pipeline: "told", description, preset: "demo", params, stages: [], nodes }
  writeFileSync(`${directory}/plan.json`, encodePlan(plan))
  const provenance = { host: "h", machine: "linux x64", node: "22", program: "p 1", run: told.id, pid: 1 }
  const started: Event = {
    _tag: "RunStarted",
    at,
    id: told.id,
    pipeline: "told",
    preset: "demo",
    params,
    nodes: nodes.length,
    store: "s",
    provenance
  }
  const finished: ReadonlyArray<Event> =
    told.ended === undefined ? [] : [{ _tag: "RunFinished", at: at + 5000, status: told.ended, seconds: 5 }]
  const lines = [started, ...told.events, ...finished].map((event) => `${jsonLine(event)}\n`)
  writeFileSync(`${directory}/journal.jsonl`, lines.join(""))
}

/** A node of the plan. */
export const planned = (
  name: string,
  kind: string,
  { stage = "stage", params = {}, inputs = {} }: Partial<PlannedNode> = {}
): PlannedNode => ({ name, kind, stage, params, inputs })

/** That a node came to an artifact. */
export const made = (
  node: string,
  digest: Digest,
  metrics: Extract<Event, { _tag: "NodeFinished" }>["metrics"] = {}
): ReadonlyArray<Event> => {
  const key = digestOf(`key of ${node}`)
  return [
    { _tag: "NodeStarted", at: at + 1, node, key, reason: "never run before", attempt: 1, pid: 2 },
    {
      _tag: "NodeFinished",
      at: at + 1000,
      node,
      key,
      digest,
      seconds: 1,
      bytes: 10,
      metrics,
      unchanged: false
    }
  ]
}

/** Writes an artifact. */
export const stored = <Name extends string, Value>(kind: Kind<Name, Value>, value: Value) =>
  Effect.flatMap(Artifacts, (artifacts) => artifacts.write(kind, value)).pipe(Effect.orDie)
