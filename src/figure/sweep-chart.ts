/**
 * Accuracy over epsilon: a panel for each attack, white-box, transfer and noise apart; a line for each model, with bars of one
 * standard error; a dashed line where guessing is; published values as open diamonds in the colour of the model that they speak of.
 */
import type { Sweep } from "../artifact/kinds/sweep.ts"
import { accuracyAt } from "../tensor/evaluation/accuracy.ts"
import type { Chart } from "./chart.ts"
import { legendOf } from "./legend.ts"
import { colours, onWhite, shapes } from "./palette.ts"
import { inOrder, placed } from "./panels.ts"

/** A published point, and the sweep that measured the same. */
export interface PublishedPoint {
  readonly sweep: string
  readonly epsilon: number
  readonly accuracy: number
}

/** A row of the chart's data. */
interface Datum {
  readonly panel: string
  readonly role: "measured" | "published" | "chance"
  readonly model: string
  readonly epsilon: number
  readonly accuracy: number
  readonly low: number
  readonly high: number
}

const threatModels: { readonly [source in Sweep["source"]]: string } = {
  "white-box": "White-box",
  transfer: "Transfer: images made against another model",
  noise: "Noise: no attack"
}

/** The panel that a sweep belongs to, and the model's line in it: sweeps are called `<model> under <attack>`. */
const placeOf = (
  name: string,
  { title, source }: Sweep
): { readonly panel: string; readonly model: string } => {
  const at = title.indexOf(" under ")
  return at === -1
    ? { panel: threatModels[source], model: name }
    : {
        panel: [threatModels[source], title.slice(at + 7)].map(wrapped).join("\n"),
        model: title.slice(0, at)
      }
}

/** Two models of one title, such as the cells of a grid, are two lines, under the names of their sweeps. */
const ownPlace = (name: string, sweep: Sweep, all: { readonly [name: string]: Sweep }) => {
  const place = placeOf(name, sweep)
  const isShared = Object.entries(all).some(([other, each]) => {
    if (other === name) return false
    const { panel, model } = placeOf(other, each)
    return panel === place.panel && model === place.model
  })
  return isShared ? { ...place, model: name } : place
}

/** Characters that fit above a panel by the width that Vega guesses; a longer line would push the panels apart. */
const widest = 34

const wrapped = (text: string): string => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < widest) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join("\n")
}

const numberOfClasses = ({ points }: Sweep): number => points[0]?.trials[0]?.perClass.length ?? 0

const dataOf = (
  sweeps: { readonly [name: string]: Sweep },
  published: ReadonlyArray<PublishedPoint>
): ReadonlyArray<Datum> =>
  Object.entries(sweeps).flatMap(([name, sweep]): ReadonlyArray<Datum> => {
    const place = ownPlace(name, sweep, sweeps)
    const measured = sweep.points.flatMap((point) => {
      const { accuracy, standardError, count } = accuracyAt(point)
      if (count === 0) return []
      const [low, high] = [accuracy - standardError, accuracy + standardError]
      const bar = { low: Math.max(0, low), high: Math.min(1, high) }
      return [{ ...place, role: "measured" as const, epsilon: point.epsilon, accuracy, ...bar }]
    })
    const others = published
      .filter((point) => point.sweep === name)
      .map(({ epsilon, accuracy }) => ({
        ...place,
        role: "published" as const,
        epsilon,
        accuracy,
        low: accuracy,
        high: accuracy
      }))
    return [...measured, ...others]
  })

/** A line in each panel for each number of classes: what guessing reaches, from nothing to the panel's largest epsilon. */
const chanceOf = (
  sweeps: { readonly [name: string]: Sweep },
  data: ReadonlyArray<Datum>
): ReadonlyArray<Datum> => {
  const lines = new Map<string, { readonly panel: string; readonly share: number }>()
  for (const [name, sweep] of Object.entries(sweeps)) {
    const { panel } = ownPlace(name, sweep, sweeps)
    const share = 1 / numberOfClasses(sweep)
    if (share <= 0.5) lines.set(`${share} ${panel}`, { panel, share })
  }
  return [...lines.values()].flatMap(({ panel, share }) => {
    const epsilons = data.flatMap((datum) => (datum.panel === panel ? [datum.epsilon] : []))
    if (epsilons.length === 0) return []
    return [0, Math.max(...epsilons)].map((epsilon) => ({
      panel,
      role: "chance" as const,
      model: "",
      epsilon,
      accuracy: share,
      low: share,
      high: share
    }))
  })
}

/** Pixels between rows of panels: for the upper ones' axis, and the lower ones' titles. */
const betweenRows = (panels: ReadonlyArray<string>): number =>
  46 + 14 * Math.max(1, ...panels.map((panel) => panel.split("\n").length))

const only = (role: Datum["role"]) => [{ filter: { field: "role", equal: role } }]
const x = {
  field: "epsilon",
  type: "quantitative" as const,
  title: "ε",
  // Nothing is drawn on the edge, where half of it is cut off.
  scale: { nice: false, padding: 8 },
  axis: { grid: false, tickCount: 6 }
}
const y = {
  field: "accuracy",
  type: "quantitative" as const,
  title: "accuracy",
  scale: { domain: [0, 1] },
  axis: { format: "%", tickCount: 5 }
}

/** Panels beside each other: as many as a page has room for. */
const across = 3

export const sweepChart = (
  sweeps: { readonly [name: string]: Sweep },
  published: ReadonlyArray<PublishedPoint> = []
): Chart => {
  const points = dataOf(sweeps, published)
  const models = [...new Set(points.map(({ model }) => model))]
  const data = [...points, ...chanceOf(sweeps, points)]
  const panels = [...new Set(data.map(({ panel }) => panel))]
  const model = {
    field: "model",
    type: "nominal" as const,
    title: null,
    legend: legendOf(models)
  }
  const colour = { ...model, scale: { domain: models, range: colours(models.length) } }
  const range = models.map((_, index) => shapes[index % shapes.length] ?? "circle")
  const shape = { ...model, scale: { domain: models, range } }
  return {
    data: {
      values: placed(
        data.map((datum) => ({ ...datum })),
        ["panel"]
      )
    },
    facet: {
      ...inOrder("panel"),
      // The only expression there is; it works on the label, whatever that is.
      header: { labelExpr: "split(datum.label, '\\n')" }
    },
    columns: Math.min(across, panels.length),
    // By their frames alone: a title of another height would push its panel out of line with those beside it.
    bounds: "flush",
    spacing: { row: betweenRows(panels), column: 44 },
    resolve: { scale: { x: "independent" }, axis: { x: "independent" } },
    spec: {
      width: 330,
      height: 210,
      layer: [
        {
          transform: only("chance"),
          mark: { type: "line", color: onWhite.reference, strokeDash: [4, 4], strokeWidth: 1 },
          encoding: { x, y }
        },
        {
          transform: [...only("chance"), { filter: { field: "epsilon", equal: 0 } }],
          mark: { type: "text", align: "left", dx: 4, dy: -5, color: onWhite.reference, fontSize: 10 },
          encoding: { x, y, text: { value: "chance" } }
        },
        {
          transform: only("measured"),
          mark: { type: "rule", strokeWidth: 1.2 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: colour }
        },
        {
          transform: only("measured"),
          mark: { type: "line", strokeWidth: 1.8 },
          encoding: { x, y, color: colour }
        },
        {
          transform: only("measured"),
          mark: { type: "point", filled: true, size: 34, opacity: 1 },
          encoding: { x, y, color: colour, shape }
        },
        {
          transform: only("published"),
          mark: { type: "point", filled: false, shape: "diamond", size: 60, strokeWidth: 1.4, opacity: 1 },
          encoding: { x, y, color: colour }
        }
      ]
    }
  }
}
