/** Reads what ONNX Runtime's profiler wrote: how long each operation took, over several runs of one session. */
import { Schema } from "effect"

/** Runs that are left out: in the first ones memory is laid out. */
export const warmSteps = 3

/** Types and sizes of a node's tensors: `[{ "float": [128, 10] }]`. */
const Shapes = Schema.Array(Schema.Record(Schema.String, Schema.Array(Schema.Finite)))

/** Times are in microseconds. */
const Event = Schema.Struct({
  cat: Schema.String,
  name: Schema.String,
  ts: Schema.Finite,
  dur: Schema.Finite,
  args: Schema.optional(
    Schema.Struct({
      op_name: Schema.optional(Schema.String),
      input_type_shape: Schema.optional(Shapes),
      output_type_shape: Schema.optional(Shapes)
    })
  )
})
type Event = typeof Event.Type
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Event)))

/** Operations of one kind, or one node; per run of the session. */
export interface Cost {
  readonly name: string
  readonly milliseconds: number
  /** How many there are in the graph. */
  readonly count: number
}

export interface Profile {
  /** A run of the session, in milliseconds. */
  readonly run: number
  /** By operation, the dearest first. */
  readonly ops: ReadonlyArray<Cost>
  /** By node, with the sizes of what goes in and comes out, the dearest first. */
  readonly nodes: ReadonlyArray<Cost>
}

export const readProfile = (text: string): Profile => {
  const events = decode(text)
  const runs = events.filter(({ name }) => name === "model_run").sort((a, b) => a.ts - b.ts)
  const kept = runs.slice(warmSteps)
  const [first] = kept
  if (first === undefined)
    throw new Error(`the profile has ${runs.length} runs, and ${warmSteps} are left out`)
  const kernels = events.filter(
    ({ cat, name, ts }) => cat === "Node" && name.endsWith("_kernel_time") && ts >= first.ts
  )
  return {
    run: sum(kept) / kept.length / 1000,
    ops: costs(kernels, kept.length, opOf, opOf),
    nodes: costs(kernels, kept.length, ({ name }) => name, nodeText)
  }
}

const sum = (events: ReadonlyArray<Event>): number => events.reduce((total, { dur }) => total + dur, 0)

const costs = (
  events: ReadonlyArray<Event>,
  runs: number,
  keyOf: (event: Event) => string,
  nameOf: (event: Event) => string
): ReadonlyArray<Cost> =>
  [...Map.groupBy(events, keyOf).values()]
    .map((group) => ({
      name: group[0] === undefined ? "" : nameOf(group[0]),
      milliseconds: sum(group) / runs / 1000,
      count: Math.round(group.length / runs)
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds)

const opOf = ({ args }: Event): string => args?.op_name ?? "unknown"

const nodeText = (event: Event): string =>
  `${opOf(event)} ${sizes(event.args?.input_type_shape)} -> ${sizes(event.args?.output_type_shape)}`

const sizes = (shapes: typeof Shapes.Type | undefined): string =>
  (shapes ?? []).map((each) => (Object.values(each)[0] ?? []).join("x") || "1").join(" ")
