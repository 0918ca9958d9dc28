/** A project whose stages log curves, and what a server should know of its runs, from their journals. */
import type { Event } from "../../src/track/event.ts"
import type { MlflowServer } from "./mlflow-server.ts"
import type { TestProject } from "./project.ts"

/** Two curves side by side, and what comes after them. */
export const trackedFiles = {
  "stages/curve.ts": `import { Effect, Metrics, Progress, Schema, Stage, Table } from "advpipe"

const table = (value: number) => ({
  title: "a number",
  columns: [{ name: "value", type: "number" as const }],
  rows: [[value]]
})

/** Logs \`points\` values of a loss, evenly over \`seconds\`, and one NaN. */
export const curve = Stage.make("curve", {
  inputs: {},
  params: Schema.Struct({ points: Schema.Int, seconds: Schema.Finite, seed: Schema.Int }),
  output: Table,
  *run(_, { points, seconds, seed }) {
    const slices = Math.max(1, Math.round(seconds * 10))
    for (let slice = 0, step = 0; slice < slices; slice++) {
      for (const end = Math.round(((slice + 1) * points) / slices); step < end; step++)
        yield* Metrics.log("loss", seed + 1 / (step + 1), step)
      yield* Progress.report(step, points, "points")
      if (seconds > 0) yield* Effect.sleep(100)
    }
    yield* Metrics.log("odd", Number.NaN)
    return table(seed)
  }
})

export const sum = Stage.make("sum", {
  inputs: { terms: Stage.list(Table) },
  params: Schema.Struct({}),
  output: Table,
  *run({ terms }) {
    yield* Metrics.log("count", terms.length)
    return table(terms.length)
  }
})
`,
  "pipelines/curves.ts": `import { Pipeline, Schema } from "advpipe"
import { curve, sum } from "../stages/curve.ts"

export default Pipeline.make("curves", {
  description: "Curves",
  params: Schema.Struct({ points: Schema.Int, seconds: Schema.Finite }),
  presets: { demo: { points: 20, seconds: 0 } },
  defaultPreset: "demo",
  build: ({ points, seconds }) => {
    const a = curve({}, { points, seconds, seed: 1 })
    const b = curve({}, { points, seconds, seed: 2 })
    return { a, b, both: sum({ terms: [a, b] }, {}) }
  }
})
`
}

/** A run as Python's client sees it. */
export interface SeenRun {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly startTime: number
  readonly endTime: number
  readonly params: { readonly [key: string]: string }
  readonly tags: { readonly [key: string]: string }
  /** `step timestamp value` of each point, by metric. */
  readonly points: { readonly [key: string]: ReadonlyArray<string> }
  readonly artifacts: ReadonlyArray<string>
}

const look = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
found = []
for run in client.search_runs([e.experiment_id for e in client.search_experiments() if e.name == sys.argv[1]], max_results=1000):
    points = {key: sorted(f"{m.step} {m.timestamp} {m.value!r}" for m in client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
    found.append({"id": run.info.run_id, "name": run.info.run_name, "status": run.info.status,
      "startTime": run.info.start_time, "endTime": run.info.end_time or 0, "params": run.data.params,
      "tags": run.data.tags, "points": points,
      "artifacts": sorted(entry.path for entry in client.list_artifacts(run.info.run_id))})
print(json.dumps(found))
`

/** Everything in an experiment, through Python's own client. */
export const seenRuns = async (server: MlflowServer, experiment: string): Promise<ReadonlyArray<SeenRun>> => {
  const found = await server.python(look, experiment)
  return Array.isArray(found) ? found : []
}

const pythonNumber = (value: number): string => {
  if (Number.isNaN(value)) return "nan"
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** The points of each node's metrics as the journals have them, as `seenRuns` shows them; the node is in the key. */
export const journalPoints = (events: ReadonlyArray<Event>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const keys = new Map<string, string>()
  const points = new Map<string, Set<string>>()
  const counts = new Map<string, number>()
  for (const event of events) {
    if (event._tag === "NodeStarted") {
      keys.set(event.node, event.key)
      for (const name of counts.keys()) if (name.startsWith(`${event.node} `)) counts.delete(name)
    }
    if (event._tag !== "Metric") continue
    const count = counts.get(`${event.node} ${event.name}`) ?? 0
    if (event.step === undefined) counts.set(`${event.node} ${event.name}`, count + 1)
    const curve = `${event.node}/${keys.get(event.node)} ${event.name}`
    const known = points.get(curve) ?? new Set()
    points.set(curve, known.add(`${event.step ?? count} ${event.at} ${pythonNumber(event.value)}`))
  }
  return new Map(Array.from(points, ([curve, set]) => [curve, [...set].toSorted()]))
}

/** The same of what the server has: of the nodes that these runs computed. */
export const serverPoints = (runs: ReadonlyArray<SeenRun>): ReadonlyMap<string, ReadonlyArray<string>> =>
  new Map(
    runs
      .filter(({ tags }) => tags["advpipe.cached"] === "false")
      .flatMap(({ tags, points }) =>
        Object.entries(points)
          .filter(([key]) => !key.startsWith("system/"))
          .map(([key, all]) => [`${tags["advpipe.node"]}/${tags["advpipe.key"]} ${key}`, all] as const)
      )
  )

/** All events of all runs of a project, in their order. */
export const allEvents = (project: TestProject): ReadonlyArray<Event> =>
  project.runs().flatMap((id) => project.journal(id))
