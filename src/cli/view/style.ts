/** Colour, as a help and never as the message: every state is a word as well. */

export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const asIs = (text: string): string => text
const ESC = String.fromCharCode(0x1b)
// Each code ends with its own end, so that a colour inside bold text leaves the rest bold.
const paint = (on: number, off: number) => (text: string) =>
  text === "" ? "" : `${ESC}[${on}m${text}${ESC}[${off}m`

export const plainStyle: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs, cyan: asIs }

export const colourStyle: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  cyan: paint(36, 39)
}

export interface ColourEnvironment {
  readonly NO_COLOR?: string | undefined
  readonly FORCE_COLOR?: string | undefined
  readonly TERM?: string | undefined
}

/** Whether to colour: `NO_COLOR` forbids, then `FORCE_COLOR` decides, then whether a terminal reads along. */
export const wantsColour = (environment: ColourEnvironment, isTerminal: boolean): boolean => {
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== "") return false
  const forced = environment.FORCE_COLOR
  if (forced !== undefined) return forced !== "0" && forced !== "false"
  return isTerminal && environment.TERM !== "dumb"
}

export const styleFor = (environment: ColourEnvironment, isTerminal: boolean): Style =>
  wantsColour(environment, isTerminal) ? colourStyle : plainStyle

const colours: { readonly [word: string]: keyof Style } = {
  cached: "dim",
  done: "green",
  ran: "green",
  run: "bold",
  running: "bold",
  fail: "red",
  failed: "red",
  crashed: "red",
  error: "red",
  skip: "yellow",
  skipped: "yellow",
  stop: "yellow",
  interrupted: "yellow",
  retry: "yellow",
  warning: "yellow",
  wait: "yellow",
  waiting: "yellow",
  debug: "dim",
  info: "dim"
}

/** A state's word in its colour. `word` may be padded; the padding keeps its place. */
export const stateWord = (style: Style, word: string): string => {
  const colour = colours[word.trimEnd()]
  return colour === undefined ? word : style[colour](word)
}
