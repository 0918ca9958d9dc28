/** How well guesses at what a study did reproduce what it published. */
import { Effect, Schema } from "effect"
import type { Sweep } from "../src/artifact/kinds/sweep.ts"
import { accuracyAt, pointAt } from "../src/tensor/evaluation/index.ts"
import { sweepNamed } from "./sweep-named.ts"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

/** A column of the published table: pairs of epsilon, in the study's own unit, and accuracy. */
export const PublishedColumn = Schema.Struct({
  column: Schema.String,
  points: Schema.NonEmptyArray(Schema.Tuple([Schema.Finite, Share]))
})
export type PublishedColumn = typeof PublishedColumn.Type

/** A guess, and the sweeps that measure it. */
export const Cell = Schema.Struct({
  name: Schema.String,
  /** What the guess is, a text for each fact that guesses differ in. */
  facts: Schema.Array(Schema.String),
  /** What the study's unit of epsilon is in units of the pixel range [0, 1]. */
  unit: Schema.Finite.check(Schema.isGreaterThan(0)),
  /** The name of the sweep that measures each published column, in their order. */
  sweeps: Schema.Array(Schema.String)
})
export type Cell = typeof Cell.Type

/** A sweep lacks a published point. */
export class PointMissing extends Schema.TaggedError<PointMissing>()("PointMissing", {
  cell: Schema.String,
  sweep: Schema.String,
  epsilon: Schema.Finite
}) {
  override get message() {
    return `cell \`${this.cell}\`: sweep \`${this.sweep}\` has no point at epsilon ${this.epsilon}`
  }
  get hint() {
    return "give the sweep every published epsilon times the cell's unit"
  }
}

export interface FitPoint {
  readonly column: string
  /** In the study's unit, and in units of the pixel range [0, 1]. */
  readonly epsilon: number
  readonly pixelEpsilon: number
  readonly published: number
  readonly measured: number
  /** Of what was measured. */
  readonly standardError: number
}

export interface Fit {
  readonly cell: Cell
  readonly points: ReadonlyArray<FitPoint>
}

/** All published points beside what each cell measured there; the closest cell first. */
export const fitCells = (given: {
  readonly sweeps: { readonly [name: string]: Sweep }
  readonly published: ReadonlyArray<PublishedColumn>
  readonly cells: ReadonlyArray<Cell>
}) =>
  Effect.map(
    Effect.forEach(given.cells, (cell) => fitOf(given.sweeps, cell, given.published)),
    (fits) => fits.toSorted((a, b) => rootMeanSquare(a.points) - rootMeanSquare(b.points))
  )

const fitOf = Effect.fnUntraced(function* (
  sweeps: { readonly [name: string]: Sweep },
  cell: Cell,
  published: ReadonlyArray<PublishedColumn>
) {
  const points: Array<FitPoint> = []
  for (const [place, { column, points: wanted }] of published.entries()) {
    const name = cell.sweeps[place] ?? ""
    const sweep = yield* sweepNamed(sweeps, name, `cells.${cell.name}.sweeps`)
    for (const [epsilon, accuracy] of wanted) {
      const pixelEpsilon = epsilon * cell.unit
      const point = pointAt(sweep, pixelEpsilon)
      if (point === undefined)
        return yield* new PointMissing({ cell: cell.name, sweep: name, epsilon: pixelEpsilon })
      const { accuracy: measured, standardError } = accuracyAt(point)
      points.push({ column, epsilon, pixelEpsilon, published: accuracy, measured, standardError })
    }
  }
  const fit: Fit = { cell, points }
  return fit
})

/** Of the differences between what was measured and what was published. */
export const rootMeanSquare = (points: ReadonlyArray<FitPoint>): number =>
  Math.sqrt(
    points.reduce((sum, { measured, published }) => sum + (measured - published) ** 2, 0) / points.length
  )
