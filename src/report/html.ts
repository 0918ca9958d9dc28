/** HTML in which nothing from outside can be anything but text. */
import { markupText } from "../text/markup.ts"

/** Markup of our own making. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Part = Html | string | number | false | undefined | ReadonlyArray<Part>

/** A template whose values are escaped, unless they are markup already. Lists are joined; `undefined` and `false` are nothing. */
export const html = (strings: TemplateStringsArray, ...values: ReadonlyArray<Part>): Html =>
  new Html(strings.reduce((text, string, index) => `${text}${markup(values[index - 1])}${string}`))

const spaced = (text: string): string => (text === "\n" || text === "\t" ? text : markupText(text))

const markup = (part: Part): string => {
  if (part === undefined || part === false) return ""
  if (part instanceof Html) return part.text
  // Between tags line breaks and tabs are harmless, and messages have them.
  if (typeof part === "string")
    return part
      .split(/([\n\t])/)
      .map(spaced)
      .join("")
  return typeof part === "number" ? String(part) : part.map(markup).join("")
}

/** Text of any length, cut, with how much is missing. */
export const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)} … (${text.length - most} more characters)`

/** A title whose part after the first semicolon, such as what was cut, is set smaller. */
export const titleHtml = (title: string): Html => {
  const end = title.indexOf("; ")
  return end === -1
    ? html`${cut(title, 300)}`
    : html`${cut(title.slice(0, end), 300)}<br><span class="muted small plain">${cut(title.slice(end + 2), 500)}</span>`
}
