/**
 * The colours of figures, on white and on black.
 *
 * A figure is drawn in the colours for white, as literal values, so that any viewer shows it. The report knows them and
 * exchanges each for its twin where the page is dark. The series are those of Okabe & Ito, "Color universal design" (2008), darkened
 * until each has a contrast of 3 to 1 against its page; shapes of points tell them apart as well.
 */
export interface Palette {
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly page: string
  /** What guessing reaches, and what others published. */
  readonly reference: string
  readonly good: string
  readonly bad: string
  /** One for each line of a chart. */
  readonly series: readonly [string, string, string, string, string, string, string, string]
}

export const onWhite: Palette = {
  ink: "#1c2126",
  soft: "#57606a",
  line: "#d9dee3",
  page: "#fffffe",
  reference: "#7a828b",
  good: "#1a7f5a",
  bad: "#b3261f",
  series: ["#0072b2", "#d55e00", "#00825f", "#a8508a", "#9a6e00", "#2b8cbe", "#5c6670", "#7f4f24"]
}

export const onBlack: Palette = {
  ink: "#e8ebee",
  soft: "#9aa4ae",
  line: "#363d45",
  page: "#171b20",
  reference: "#8f99a3",
  good: "#4cc598",
  bad: "#ff8a80",
  series: ["#5db2ec", "#ff9147", "#35c79b", "#e3a1cd", "#e2b23c", "#8bd0f2", "#b4bcc4", "#cfa27c"]
}

/** Pairs of the same colour on white and on black, under a name that a style sheet can use. */
export const twins: ReadonlyArray<readonly [name: string, white: string, black: string]> = [
  ...(["ink", "soft", "line", "page", "reference", "good", "bad"] as const).map(
    (name) => [name, onWhite[name], onBlack[name]] as const
  ),
  ...onWhite.series.map(
    (white, index) => [`series-${index + 1}`, white, onBlack.series[index] ?? white] as const
  )
]

/** Shapes of points, in the order of the series. One more or less than colours, so that pairs repeat late. */
export const shapes = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right"
]

/** A colour for each of any number of series. */
export const colours = (count: number): Array<string> =>
  Array.from({ length: count }, (_, index) => onWhite.series[index % onWhite.series.length] ?? onWhite.ink)
