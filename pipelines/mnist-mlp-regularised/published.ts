/**
 * What study 4 published: Limaye, Tirupari & Rangan (NYU), a perceptron with one hidden layer on MNIST, regularised by L1 and L2,
 * under FGSM. All values are printed in its two tables.
 */
import type { PublishedCurve } from "../../stages/compare.ts"

/** The share of the largest class, the ones, of MNIST's test set. */
export const largestClassShare = 0.1135

/** How a cell of the grid is called. */
export const cellName = (l1: number, l2: number): string => `l1-${l1}-l2-${l2}`

type Points = ReadonlyArray<readonly [epsilon: number, value: number]>

interface PublishedCell {
  readonly l1: number
  readonly l2: number
  readonly source: string
  readonly accuracy: Points
  readonly confidence: Points
}

const grid = "printed; table of all cells"
const small = "printed; table 1"

/** A row: accuracy and confidence without an attack, at epsilon 0.1, and at 0.25. */
const row = (
  l1: number,
  l2: number,
  clean: readonly [number, number],
  tenth: readonly [number, number],
  quarter: readonly [number, number]
): PublishedCell => ({
  l1,
  l2,
  source: grid,
  accuracy: [
    [0, clean[0]],
    [0.1, tenth[0]],
    [0.25, quarter[0]]
  ],
  confidence: [
    [0, clean[1]],
    [0.1, tenth[1]],
    [0.25, quarter[1]]
  ]
})

const cells: ReadonlyArray<PublishedCell> = [
  row(0, 0, [0.975, 0.981], [0.3375, 0.768], [0.0048, 0.767]),
  row(0, 1e-4, [0.9805, 0.9831], [0.443, 0.7584], [0.0091, 0.6789]),
  row(0, 1e-5, [0.9828, 0.9877], [0.4534, 0.7572], [0.0145, 0.6592]),
  row(1e-4, 0, [0.9689, 0.96], [0.6099, 0.7963], [0.0534, 0.7425]),
  row(1e-4, 1e-4, [0.9695, 0.9611], [0.6229, 0.7987], [0.0499, 0.7269]),
  row(1e-4, 1e-5, [0.9667, 0.9609], [0.57, 0.7942], [0.0552, 0.7469]),
  row(1e-5, 0, [0.9727, 0.9836], [0.5609, 0.8146], [0.0438, 0.7183]),
  row(1e-5, 1e-4, [0.9727, 0.9728], [0.4852, 0.7799], [0.0196, 0.7364]),
  row(1e-5, 1e-5, [0.9816, 0.982], [0.5562, 0.7947], [0.0262, 0.6915]),
  {
    l1: 1e-4,
    l2: 1e-4,
    source: small,
    accuracy: [
      [0.05, 0.8062],
      [0.075, 0.6711]
    ],
    confidence: [
      [0.05, 0.8579],
      [0.075, 0.8052]
    ]
  },
  {
    l1: 0,
    l2: 0,
    source: small,
    accuracy: [
      [0.05, 0.785],
      [0.075, 0.5723]
    ],
    confidence: [
      [0.05, 0.8842],
      [0.075, 0.8054]
    ]
  }
]

const text = ({ l1, l2 }: PublishedCell) => `λ1 ${l1}, λ2 ${l2}`

/** Accuracies. What is corrected has the same name, if the cell is among the corrected models. */
export const published = (corrected: ReadonlyArray<string>): ReadonlyArray<PublishedCurve> =>
  cells.map((cell) => {
    const name = cellName(cell.l1, cell.l2)
    const sweep = `${name}-fgsm`
    return {
      what: text(cell),
      source: cell.source,
      points: cell.accuracy,
      faithful: name,
      corrected: corrected.includes(sweep) ? sweep : null
    }
  })

export const publishedConfidence = cells.map((cell) => ({
  what: text(cell),
  source: cell.source,
  points: cell.confidence,
  sweep: cellName(cell.l1, cell.l2)
}))
