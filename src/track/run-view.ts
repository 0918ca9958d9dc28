/**
 * A run as people ask for it, folded from its events: what each node did, how long it took, what came out.
 *
 * This is what `pipeline show RUN --json` prints. The fold is pure and incremental, so that a live run and an old
 * journal are told by the same code.
 */
import { Schema } from "effect"
import { type Event, type PlannedNode, Status } from "./event.ts"
import { type FoldLimits, NodeFold, NodeState, NodeView, secondsBetween } from "./run-node.ts"

export { type FoldLimits, LogLine, NodeState, NodeView } from "./run-node.ts"

/** `crashed`: the journal ends without an end of the run, and nobody is writing it. */
export const RunStatus = Schema.Literals([...Status.literals, "running", "crashed"])
export type RunStatus = typeof RunStatus.Type

export const RunView = Schema.Struct({
  id: Schema.String,
  pipeline: Schema.String,
  preset: Schema.String,
  status: RunStatus,
  params: Schema.Json,
  /** Milliseconds since 1970. */
  startedAt: Schema.Finite,
  seconds: Schema.Finite,
  savedSeconds: Schema.Finite,
  /** Nodes that the run is concerned with; more than are listed where the plan is not at hand. */
  total: Schema.Int,
  counts: Schema.Record(NodeState, Schema.Int),
  nodes: Schema.Array(NodeView)
})
export type RunView = typeof RunView.Type

const codec = Schema.toCodecJson(RunView)
export const encodeRunView = Schema.encodeSync(codec)
export const decodeRunView = Schema.decodeUnknownResult(codec)

export interface ViewOptions {
  /** Somebody still writes this journal. Default false. */
  readonly alive?: boolean
  /** For a run that is alive: the time now, in milliseconds since 1970. Default: when its last event happened. */
  readonly now?: number
}

/** Folds a whole journal. */
export const foldRun = (
  events: Iterable<Event>,
  planned: ReadonlyArray<PlannedNode> = [],
  options: ViewOptions & FoldLimits = {}
): RunView => {
  const fold = new RunFold(planned, options)
  for (const event of events) fold.add(event)
  return fold.view(options)
}

/** A fold that is fed one event at a time. `add` is cheap; `view` costs one pass over the nodes. */
export class RunFold {
  readonly #nodes = new Map<string, NodeFold>()
  readonly #limits: Required<FoldLimits>
  #started: Extract<Event, { _tag: "RunStarted" }> | undefined
  #finished: Extract<Event, { _tag: "RunFinished" }> | undefined
  #last = 0

  /** @param planned in the plan's order, which becomes the view's */
  constructor(planned: ReadonlyArray<PlannedNode> = [], limits: FoldLimits = {}) {
    this.#limits = { points: Math.max(2, limits.points ?? 200), logs: limits.logs ?? 200 }
    for (const node of planned) this.#nodes.set(node.name, new NodeFold(node.name, this.#limits, node))
  }

  add(event: Event): void {
    // Workers have clocks of their own: an event may be a little older than the one before.
    this.#last = Math.max(this.#last, event.at)
    if (event._tag === "RunStarted") this.#started = event
    else if (event._tag === "RunFinished") this.#finished = event
    else if ("node" in event) this.#node(event.node).add(event)
  }

  view({ alive = false, now = this.#last }: ViewOptions = {}): RunView {
    const running = alive && this.#finished === undefined
    const end = running ? Math.max(now, this.#last) : this.#last
    const nodes = Array.from(this.#nodes.values(), (node) => node.view(running, end))
    const counts = { ...noCounts }
    for (const { state } of nodes) counts[state]++
    const startedAt = this.#started?.at ?? 0
    return {
      id: this.#started?.id ?? "",
      pipeline: this.#started?.pipeline ?? "",
      preset: this.#started?.preset ?? "",
      status: this.#finished?.status ?? (running ? "running" : "crashed"),
      params: this.#started?.params ?? {},
      startedAt,
      seconds: this.#finished?.seconds ?? (this.#started === undefined ? 0 : secondsBetween(startedAt, end)),
      savedSeconds: nodes.reduce((sum, { savedSeconds }) => sum + savedSeconds, 0),
      total: Math.max(this.#started?.nodes ?? 0, nodes.length),
      counts,
      nodes
    }
  }

  #node(name: string): NodeFold {
    const known = this.#nodes.get(name)
    if (known !== undefined) return known
    const node = new NodeFold(name, this.#limits)
    this.#nodes.set(name, node)
    return node
  }
}

const noCounts: Record<NodeState, number> = {
  cached: 0,
  ran: 0,
  failed: 0,
  skipped: 0,
  interrupted: 0,
  running: 0,
  waiting: 0,
  pending: 0
}
