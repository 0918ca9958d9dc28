/** What an event of the journal asks of MLflow, as data. Doing one again changes nothing. */
import type { ProducedNode } from "../content/produced-node.ts"
import type { NewMetricPoint, RunStatus, Texts } from "../mlflow/client.ts"

/**
 * Names an MLflow run before the server does, for good: it is the value of the tag `advpipe.run_key`. The pipeline run's own
 * is called after the first run that it takes up, a node's after that, the node and its cache key.
 */
export type RunKey = string

export const runKeyOf = (first: string): RunKey => first
export const nodeRunKeyOf = (first: string, node: string, key: string): RunKey => `${first}/${node}/${key}`

export type Operation =
  /** The run is there from here on. A node's run lies under the pipeline run's. */
  | {
      readonly _tag: "Open"
      readonly run: RunKey
      readonly parent: RunKey | undefined
      readonly name: string
      /** Milliseconds since 1970. */
      readonly startTime: number
      readonly params: Texts
      readonly tags: Texts
    }
  | { readonly _tag: "Metrics"; readonly run: RunKey; readonly points: ReadonlyArray<NewMetricPoint> }
  | { readonly _tag: "Tags"; readonly run: RunKey; readonly tags: Texts }
  | {
      readonly _tag: "Status"
      readonly run: RunKey
      readonly status: RunStatus
      /** Milliseconds since 1970; absent while it runs. */
      readonly endTime?: number
    }
  /** The node's artifact is there: its files, datasets and models are shown, unless the run that computed it shows them. */
  | {
      readonly _tag: "Produced"
      readonly run: RunKey
      readonly node: ProducedNode
      /** The last point of each metric, to be found beside a model as well. None is NaN: such points cannot be sent twice. */
      readonly results: ReadonlyArray<NewMetricPoint>
      /** The cache key under which it was found, where this run did not compute it. */
      readonly foundUnder?: string
      /** The MLflow run shows it already: there is only its model, which may be asked to be registered since. */
      readonly isShown: boolean
    }
  /** The pipeline run is over: its plan, its graph and its nodes are shown. */
  | { readonly _tag: "Ended"; readonly run: RunKey }

/** What is to be done with one MLflow run, of everything that happened between two looks at the journal. */
export interface Lane {
  readonly run: RunKey
  readonly open: Extract<Operation, { _tag: "Open" }> | undefined
  readonly points: ReadonlyArray<NewMetricPoint>
  readonly tags: Texts
  readonly status: Extract<Operation, { _tag: "Status" }> | undefined
  readonly produced: Extract<Operation, { _tag: "Produced" }> | undefined
  readonly ended: boolean
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] }

/** Operations by run, in the order in which the runs first occur: a parent comes before its children. */
export const lanesOf = (operations: ReadonlyArray<Operation>): ReadonlyArray<Lane> => {
  const lanes = new Map<RunKey, Mutable<Lane> & { points: Array<NewMetricPoint> }>()
  const laneOf = (run: RunKey) => {
    const known = lanes.get(run)
    if (known !== undefined) return known
    const rest = { open: undefined, status: undefined, produced: undefined, ended: false }
    const lane = { run, points: [] as NewMetricPoint[], tags: {}, ...rest }
    lanes.set(run, lane)
    return lane
  }
  for (const operation of operations) {
    const lane: Mutable<Lane> & { points: Array<NewMetricPoint> } = laneOf(operation.run)
    switch (operation._tag) {
      case "Open":
        lane.open = operation
        break
      case "Metrics":
        for (const point of operation.points) lane.points.push(point)
        break
      case "Tags":
        lane.tags = { ...lane.tags, ...operation.tags }
        break
      case "Status":
        lane.status = operation
        break
      case "Produced":
        lane.produced = operation
        break
      case "Ended":
        lane.ended = true
    }
  }
  return [...lanes.values()]
}
