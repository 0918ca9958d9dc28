/** Made-up runs: what happened to each node, as the journal would have it. */
import * as fc from "fast-check"
import { digestOf } from "../../../src/artifact/digest.ts"
import type { Event } from "../../../src/track/event.ts"
import type { PlanFile } from "../../../src/track/plan-file.ts"

export const nodes = ["data", "train", "test"]

export const plan: PlanFile = {
  pipeline: "study",
  description: "A study",
  preset: "demo",
  params: { seed: 1 },
  stages: [{ name: "stage", kind: "Table", code: "c0de", modules: {}, packages: {} }],
  nodes: nodes.map((name, index) => ({
    name,
    stage: "stage",
    kind: "Table",
    params: { depth: { of: index }, sizes: [1, 2], name },
    inputs: index === 0 ? {} : { from: nodes[index - 1] ?? "" }
  }))
}

/** What became of a node in one run. */
export interface NodeStory {
  readonly fate: "cached" | "ran" | "retried" | "failed" | "failed before" | "interrupted" | "cut" | "skipped"
  /** Its values, in their order; a step of null means none was given. */
  readonly points: ReadonlyArray<{
    readonly name: string
    readonly value: number
    readonly step: number | null
  }>
  /** Whether its code is another one than at first. */
  readonly changed: boolean
}

export interface RunStory {
  readonly nodes: ReadonlyArray<NodeStory>
  /** `killed`: the journal has no end. */
  readonly end: "done" | "failed" | "interrupted" | "killed"
  /** Bytes of a last line that never got its end. */
  readonly torn: string
}

const point = fc.record({
  name: fc.constantFrom("loss", "accuracy", "grad norm/max"),
  value: fc.oneof(
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom(Number.NaN, Infinity, -Infinity)
  ),
  step: fc.option(fc.nat(5))
})

const nodeStory: fc.Arbitrary<NodeStory> = fc.record({
  fate: fc.constantFrom(
    "cached",
    "ran",
    "retried",
    "failed",
    "failed before",
    "interrupted",
    "cut",
    "skipped"
  ),
  points: fc.array(point, { maxLength: 6 }),
  changed: fc.boolean()
})

export const runStory: fc.Arbitrary<RunStory> = fc.record({
  nodes: fc.tuple(nodeStory, nodeStory, nodeStory),
  end: fc.constantFrom("done", "failed", "interrupted", "killed"),
  torn: fc.constantFrom("", '{"_tag":"Metric","at":17')
})

/** Runs that take each other up: each but the last did not come to its end. */
export const chainStory: fc.Arbitrary<ReadonlyArray<RunStory>> = fc
  .array(runStory, { minLength: 1, maxLength: 3 })
  .map((runs) =>
    runs.map((run, index) =>
      index < runs.length - 1 && run.end === "done" ? { ...run, end: "failed" } : run
    )
  )

export const runId = (index: number): string => `run-${index}`

/** The events of a run, one a millisecond, as the scheduler would have written them. */
export const eventsOf = (story: RunStory, index: number): ReadonlyArray<Event> => {
  let at = 1_700_000_000_000 + index * 1_000_000
  const next = () => at++
  const events: Array<Event> = [
    {
      _tag: "RunStarted",
      at: next(),
      id: runId(index),
      pipeline: plan.pipeline,
      preset: plan.preset,
      params: plan.params,
      nodes: nodes.length,
      store: "/store",
      provenance: {
        host: "h",
        user: "u",
        machine: "m",
        node: "22",
        program: "p 1",
        run: runId(index),
        pid: 7
      },
      ...(index === 0 ? {} : { continues: { run: runId(index - 1), first: runId(0) } })
    },
    { _tag: "Revision", at: next(), commit: "abc123", branch: "main", dirty: true }
  ]
  for (const [place, node] of nodes.entries()) {
    const told = story.nodes[place]
    if (told !== undefined) events.push(...nodeEvents(node, told, next))
  }
  events.push({
    _tag: "SystemSample",
    at: next(),
    cpuPercent: 50,
    memoryMegabytes: 1000,
    memoryPercent: 10,
    nodes: { train: { cpuPercent: 99, rate: { perSecond: 1.5, unit: "images" } } }
  })
  if (story.end !== "killed") events.push({ _tag: "RunFinished", at: next(), status: story.end, seconds: 1 })
  return events
}

const nodeEvents = (
  node: string,
  { fate, points, changed }: NodeStory,
  next: () => number
): ReadonlyArray<Event> => {
  const key = digestOf(`${node} ${changed}`)
  const digest = digestOf(`artifact of ${node} ${changed}`)
  const failure = { tag: "Broken", message: "it broke", hint: "mend it" }
  const started = (attempt: number): Event => ({
    ...{ _tag: "NodeStarted", at: next(), node, key, reason: "new", attempt, pid: 9 }
  })
  const metrics = () =>
    points.map(
      ({ name, value, step }): Event => ({
        ...{ _tag: "Metric", at: next(), node, name, value },
        ...(step === null ? {} : { step })
      })
    )
  const last = Object.fromEntries(points.map(({ name, value }) => [name, value]))
  const finished = (): Event => ({
    ...{ _tag: "NodeFinished", at: next(), node, key, digest, seconds: 2, bytes: 3 },
    ...{ metrics: last, unchanged: false }
  })
  switch (fate) {
    case "cached":
      return [{ _tag: "NodeCached", at: next(), node, key, digest, seconds: 4, metrics: last }]
    case "ran":
      return [started(1), ...metrics(), finished()]
    case "retried":
      return [
        started(1),
        ...metrics(),
        { _tag: "NodeFailed", at: next(), node, failure, seconds: 1, retry: true },
        started(2),
        ...metrics(),
        finished()
      ]
    case "failed":
      return [
        started(1),
        ...metrics(),
        { _tag: "NodeFailed", at: next(), node, failure, seconds: 1, retry: false }
      ]
    case "failed before":
      return [{ _tag: "NodeFailed", at: next(), node, failure, seconds: 0, retry: false }]
    case "interrupted":
      return [started(1), ...metrics(), { _tag: "NodeInterrupted", at: next(), node, seconds: 1 }]
    case "cut":
      return [started(1), ...metrics()]
    case "skipped":
      return [{ _tag: "NodeSkipped", at: next(), node, because: "`data` failed" }]
  }
}
