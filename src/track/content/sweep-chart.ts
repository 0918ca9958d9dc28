/** A sweep as a curve: accuracy against epsilon. */
import type { Sweep } from "../../artifact/kinds/sweep.ts"
import { svgFile, svgText } from "./svg.ts"

const width = 560
const height = 360
const frame = { left: 56, right: 16, top: 40, bottom: 48 }

const accuracyOf = ({ trials }: Sweep["points"][number]): number | undefined => {
  const count = trials.reduce((sum, trial) => sum + trial.count, 0)
  return count === 0 ? undefined : trials.reduce((sum, trial) => sum + trial.correct, 0) / count
}

/** Epsilon from 0 to the largest, accuracy from 0 to 1 over all sets together; a grey line is what guessing reaches. */
export const sweepChart = ({ title, source, points }: Sweep): string => {
  const largest = points.reduce((most, { epsilon }) => Math.max(most, epsilon), 0)
  const x = (epsilon: number) =>
    frame.left + (largest === 0 ? 0 : epsilon / largest) * (width - frame.left - frame.right)
  const y = (accuracy: number) => height - frame.bottom - accuracy * (height - frame.top - frame.bottom)
  const curve = points.flatMap((point) => {
    const accuracy = accuracyOf(point)
    return accuracy === undefined ? [] : [[x(point.epsilon), y(accuracy)] as const]
  })
  const classes = points[0]?.trials[0]?.perClass.length ?? 0
  const line = (x1: number, y1: number, x2: number, y2: number, stroke: string) =>
    `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${stroke}"/>`
  const right = width - frame.right
  return svgFile(width, height, [
    `<text x="${frame.left}" y="22" font-size="13" font-weight="bold">${svgText(title)}</text>`,
    ...[0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((share) => [
      line(frame.left, y(share), right, y(share), share === 0 ? "#555" : "#ddd"),
      `<text x="${frame.left - 8}" y="${fixed(y(share) + 4)}" text-anchor="end">${share}</text>`
    ]),
    ...ticksOf(
      points.map(({ epsilon }) => epsilon),
      x
    ).map(
      (epsilon) =>
        `<text x="${fixed(x(epsilon))}" y="${height - frame.bottom + 18}" text-anchor="middle">${Number(epsilon.toPrecision(3))}</text>`
    ),
    ...(classes > 1 ? [line(frame.left, y(1 / classes), right, y(1 / classes), "#999")] : []),
    `<polyline fill="none" stroke="#1f77b4" stroke-width="2" points="${curve.map(([a, b]) => `${fixed(a)},${fixed(b)}`).join(" ")}"/>`,
    ...curve.map(([a, b]) => `<circle cx="${fixed(a)}" cy="${fixed(b)}" r="3" fill="#1f77b4"/>`),
    `<text x="${(frame.left + right) / 2}" y="${height - 10}" text-anchor="middle">epsilon (${svgText(source)})</text>`,
    `<text transform="translate(16 ${(height + frame.top - frame.bottom) / 2}) rotate(-90)" text-anchor="middle">accuracy</text>`
  ])
}

/** Pixels that a number below the axis needs. */
const tickWidth = 40

/** The epsilons that were measured, as far as their numbers have room. */
const ticksOf = (epsilons: ReadonlyArray<number>, x: (epsilon: number) => number): ReadonlyArray<number> => {
  const ticks: Array<number> = []
  for (const epsilon of epsilons) {
    const last = ticks.at(-1)
    if (last === undefined || x(epsilon) - x(last) >= tickWidth) ticks.push(epsilon)
  }
  return ticks
}

const fixed = (value: number): string => String(Number(value.toFixed(1)))
