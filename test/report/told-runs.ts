/** Runs that reports are made of in tests, with all their artifacts. */
import { Effect, type Layer, type Scope } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import { Figure } from "../../src/artifact/kinds/figure.ts"
import { Sweep } from "../../src/artifact/kinds/sweep.ts"
import { Table } from "../../src/artifact/kinds/table.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { drawChart } from "../../src/figure/chart.ts"
import { sweepChart } from "../../src/figure/sweep-chart.ts"
import type { Event } from "../../src/track/event.ts"
import { scratchLayout, storeAt } from "../rig/scratch-store.ts"
import { at, made, planned, stored, type Told } from "../rig/told-run.ts"
import { comparison, hostile, hostileText, sweepOf } from "./examples.ts"

type Services = ReturnType<typeof storeAt> extends Layer.Layer<infer S, infer _E, infer _R> ? S : never

export const inStore = <A, E>(use: (layout: StoreLayout) => Effect.Effect<A, E, Services | Scope.Scope>) =>
  Effect.gen(function* () {
    const layout = yield* scratchLayout
    return yield* Effect.provide(use(layout), storeAt(layout))
  })

const sweeps = {
  plain: sweepOf("plain", [
    [0, 99],
    [0.3, 10]
  ]),
  robust: sweepOf("robust", [
    [0, 97],
    [0.3, 80]
  ])
}
export const metric = (node: string, name: string, value: number, step: number): Event => ({
  _tag: "Metric",
  at: at + step,
  node,
  name,
  value,
  step
})

/** A run with a table, two sweeps, a figure of its own and one of somebody else's. */
export const whole = Effect.gen(function* () {
  const own = yield* drawChart("Sweeps", sweepChart(sweeps))
  const foreign = `<svg xmlns="http://www.w3.org/2000/svg"><script>window.stolen = 1</script></svg>`
  const digests = {
    comparison: yield* stored(Table, comparison),
    "sweeps/plain": yield* stored(Sweep, sweeps.plain),
    "sweeps/robust": yield* stored(Sweep, sweeps.robust),
    figure: yield* stored(Figure, { title: "Sweeps", description: "drawn by us", svg: own }),
    foreign: yield* stored(Figure, { title: "Theirs", description: "drawn by others", svg: foreign })
  }
  const told: Told = {
    id: "20260921-120000000-aaaa",
    description: "An experiment",
    params: { attack: { epsilon: 0.3, seed: 7 } },
    nodes: [
      planned("train", "Model", { stage: "train" }),
      planned("sweeps/plain", "Sweep", { inputs: { model: "train" } }),
      planned("sweeps/robust", "Sweep", { inputs: { network: "train" } }),
      planned("comparison", "Table", { stage: "compare", inputs: { faithful: { a: "sweeps/plain" } } }),
      planned("figure", "Figure", { stage: "draw-sweeps", inputs: { sweeps: { a: "sweeps/plain" } } }),
      planned("foreign", "Figure")
    ],
    events: [
      ...[1, 2, 3].map((step) => metric("train", "training_loss", 1 / step, step)),
      ...made("train", digestOf("a model that was collected"), { training_loss: 0.3 }),
      ...Object.entries(digests).flatMap(([node, digest]) => made(node, digest))
    ],
    ended: "done"
  }
  return told
})

/** A run in which everything that can hold text holds an attack on whoever reads it. */
export const hostileRun = Effect.gen(function* () {
  const table: Table = {
    title: hostileText,
    columns: hostile.map((name) => ({ name, type: "text" as const })),
    rows: [hostile.map((cell) => cell)]
  }
  const sweep = {
    ...sweepOf("x", [
      [0, 1],
      [1, 0]
    ]),
    title: `${hostile[0]} under ${hostileText}`
  }
  const figure = { title: hostileText, description: hostileText }
  const failure = { tag: hostileText, message: hostileText, hint: hostileText, stack: hostileText }
  const png = Uint8Array.from([1, 2, 3])
  const told: Told = {
    id: "enemy",
    description: hostileText,
    params: Object.fromEntries(hostile.map((name) => [name, hostileText])),
    nodes: [
      ...hostile.map((name) => planned(name, "Model", { stage: name, params: { [name]: name } })),
      ...["table", "sweep", "figure", "own"].map((name) =>
        planned(name, `${name[0]?.toUpperCase()}${name.slice(1)}`.replace("Own", "Figure"))
      )
    ],
    events: [
      ...hostile.flatMap(
        (node): ReadonlyArray<Event> => [
          { _tag: "Log", at, node, level: "error", message: hostileText },
          metric(node, node, 1, 1),
          metric(node, node, 2, 2),
          { _tag: "NodeFailed", at: at + 1, node, failure, seconds: 1, retry: false }
        ]
      ),
      ...made("table", yield* stored(Table, table)),
      ...made("sweep", yield* stored(Sweep, sweep)),
      ...made("figure", yield* stored(Figure, { ...figure, png })),
      ...made("own", yield* stored(Figure, { ...figure, svg: `<svg onload="x"><g>${hostileText}</g></svg>` }))
    ],
    ended: "failed"
  }
  return told
})
