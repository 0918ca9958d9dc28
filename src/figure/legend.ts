/** Legends above a chart, in as many columns as their names leave room for. */

/** Of a legend's text, in pixels. */
const fontSize = 12
/** What Vega takes a letter's width for, in heights, where it cannot measure. */
const letter = 0.8
const symbol = 40
/** Three panels beside each other. */
const room = 1000
/** Letters of a name before it is cut; those that are left must tell it from others. */
const longest = 44

export const legendOf = (names: ReadonlyArray<string>) => {
  const widest = names.reduce((most, { length }) => Math.max(most, Math.min(length, longest)), 1)
  return {
    orient: "top" as const,
    columns: Math.max(1, Math.min(6, Math.floor(room / (widest * fontSize * letter + symbol)))),
    columnPadding: 18,
    labelFontSize: fontSize,
    labelLimit: longest * fontSize * letter
  }
}
