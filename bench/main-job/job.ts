/** The experiment as our command line runs it, and what a run tells about itself. */
import { join } from "node:path"
import { Schema } from "effect"
import { Event, PlannedNode } from "../../src/track/event.ts"
import { NodeView } from "../../src/track/run-node.ts"
import { run } from "../rig/command.ts"
import { type Watched, watch } from "./watched.ts"

const root = join(import.meta.dirname, "..", "..")
const file = join(root, "bin", "pipeline")
const pipelineName = "mnist-advtrain"

export interface Job {
  readonly preset: string
  /** With real MNIST; without it there is none. */
  readonly dataDirectory: string | undefined
  /** `NAME=VALUE` each, as for `--set`. */
  readonly sets: ReadonlyArray<string>
  readonly store: string
  readonly cores: number
}

const settingsOf = ({ preset, sets, store }: Job): ReadonlyArray<string> => [
  "--preset",
  preset,
  ...sets.flatMap((each) => ["--set", each]),
  "--store",
  store
]

/** The arguments of a run of all of it. */
export const runWords = (job: Job): ReadonlyArray<string> => [
  "run",
  pipelineName,
  ...settingsOf(job),
  "--jobs",
  String(job.cores),
  ...(job.dataDirectory === undefined ? [] : ["--data-dir", job.dataDirectory])
]

/** Calls our command line; nothing is measured of it but its time. */
export const pipeline = (...args: ReadonlyArray<string>) => run({ file, args, cwd: root })

/** What the bench itself has to know of the params; the peer gets all of them. */
const Params = Schema.Struct({
  data: Schema.Literals(["mnist", "synthetic-digits"]),
  network: Schema.String,
  sweep: Schema.Struct({ fgsm: Schema.Struct({ epsilons: Schema.Array(Schema.Finite) }) })
})

const Plan = Schema.Struct({ params: Schema.Json })
const decodePlan = Schema.decodeUnknownSync(Schema.fromJsonString(Plan))
const decodeParams = Schema.decodeUnknownSync(Params)

/** The params of a job with nothing left open. */
export const resolve = (job: Job) => {
  const { params } = decodePlan(pipeline("plan", pipelineName, ...settingsOf(job), "--json").stdout)
  return { all: params, ...decodeParams(params) }
}

/** A node of a run: what it is, what it takes, what came of it. */
const Node = Schema.Struct({
  name: NodeView.fields.name,
  state: NodeView.fields.state,
  key: NodeView.fields.key,
  seconds: NodeView.fields.seconds,
  metrics: NodeView.fields.metrics,
  stage: Schema.String,
  inputs: PlannedNode.fields.inputs
})
export type Node = typeof Node.Type

const Shown = Schema.Struct({ seconds: Schema.Finite, nodes: Schema.Array(Node) })
const decodeShown = Schema.decodeUnknownSync(Schema.fromJsonString(Shown))
const decodeEvent = Schema.decodeUnknownSync(Schema.fromJsonString(Event))

export interface Finished {
  readonly watched: Watched
  readonly events: ReadonlyArray<Event>
  readonly nodes: ReadonlyArray<Node>
  /** Those that were not found in the store. */
  readonly ran: ReadonlyArray<Node>
}

/** Runs all of it as a process of its own, and reads what the run has written down. */
export const runJob = async (job: Job): Promise<Finished> => {
  const watched = await watch({ file, args: [...runWords(job), "--json"], cwd: root }, job.cores)
  const events = watched.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => decodeEvent(line))
  const { nodes } = decodeShown(pipeline("show", "last", "--json", "--store", job.store).stdout)
  return { watched, events, nodes, ran: nodes.filter(({ state }) => state === "ran") }
}
