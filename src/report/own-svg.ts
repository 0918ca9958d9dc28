/**
 * SVG of our own charts, made part of a page: its colours become those of the page's theme.
 *
 * An SVG that holds anything else than shapes, text and embedded PNGs is somebody else's. It is shown as a picture instead, where it
 * can neither run nor load anything. So nothing is ever taken out of a file: it is understood to its last attribute, or not at all.
 */
import { twins } from "../figure/palette.ts"
import { markupText } from "../text/markup.ts"
import { Html } from "./html.ts"

const elements = new Set(["svg", "g", "path", "rect", "line", "text", "tspan", "circle", "image"])

const number = String.raw`-?[\d.]+(?:e-?\d+)?(?:px)?`
const numeric = new RegExp(`^${number}$`)
const colour = /^(?:none|transparent|white|black|#[\da-fA-F]{3,8}|rgba?\([\d.,% ]*\))$/
const word = /^[\w-]*$/
const sentence = /^[^<>]*$/

/** Attributes, and what their values may look like. */
const attributes = new Map<string, RegExp>([
  ["d", /^[\d\s.,eMmLlHhVvCcSsQqTtAaZz-]*$/],
  ["transform", /^(?:\s*(?:translate|rotate|scale)\([\d\s.,e-]*\))*$/],
  ["viewBox", new RegExp(`^${number}(?: ${number}){3}$`)],
  ["fill", colour],
  ["stroke", colour],
  ["font-family", /^[\w ,-]*$/],
  ["stroke-dasharray", /^[\d., ]*$/],
  ["class", /^[\w -]*$/],
  ["href", /^data:image\/png;base64,[\w+/=]*$/],
  ["xmlns", /^http:\/\/www\.w3\.org\/2000\/svg$/],
  ["xmlns:xlink", /^http:\/\/www\.w3\.org\/1999\/xlink$/],
  ["version", /^1\.1$/],
  ...["aria-label", "aria-roledescription"].map((name) => [name, sentence] as const),
  ...[
    "font-weight",
    "text-anchor",
    "stroke-linecap",
    "stroke-linejoin",
    "image-rendering",
    "pointer-events",
    "display",
    "aria-hidden",
    "role"
  ].map((name) => [name, word] as const),
  ...[
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "dx",
    "dy",
    "width",
    "height",
    "font-size",
    "opacity",
    "fill-opacity",
    "stroke-opacity",
    "stroke-width",
    "stroke-miterlimit",
    "stroke-dashoffset"
  ].map((name) => [name, numeric] as const)
])

/** What a library tells screen readers of single marks says nothing that the caption does not say. */
const dropped = /^(?:aria-|role$|class$|xmlns|version$)/

const variables = new Map(twins.map(([name, white]) => [white, `var(--${name})`]))

const token = /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<>]+)/gy
const pair = /([\w:-]+)="([^"]*)"/g
/** An ampersand that begins no character. */
const loose = /&(?!(?:amp|lt|gt|quot|apos|#39);)/

/** @returns the SVG for a page under a label for screen readers, or nothing where it is not understood */
export const ownSvg = (file: string, label: string): Html | undefined => {
  const parts: Array<string> = []
  const open: Array<string> = []
  const source = file.trim()
  let end = 0
  for (const match of source.matchAll(token)) {
    end = match.index + match[0].length
    const [whole, closing, name = "", written = "", empty, text] = match
    if (text !== undefined) {
      if (open.length === 0 || loose.test(text)) return undefined
      parts.push(text)
    } else if (!elements.has(name)) return undefined
    else if (closing === "/") {
      if (open.pop() !== name) return undefined
      parts.push(whole)
    } else {
      // One picture, and nothing beside it.
      if ((open.length === 0) !== (name === "svg") || (name === "svg" && parts.length > 0)) return undefined
      const own = attributesOf(written)
      if (own === undefined) return undefined
      parts.push(
        `<${name}${own}${name === "svg" ? ` role="img" aria-label="${markupText(label)}"` : ""}${empty}>`
      )
      if (empty !== "/") open.push(name)
    }
  }
  return end === source.length && open.length === 0 && parts.length > 0 ? new Html(parts.join("")) : undefined
}

const attributesOf = (written: string): string | undefined => {
  let kept = ""
  for (const [, name = "", value = ""] of written.matchAll(pair)) {
    const pattern = attributes.get(name)
    if (pattern === undefined || !pattern.test(value) || loose.test(value)) return undefined
    if (!dropped.test(name)) kept += ` ${name}="${variables.get(value) ?? value}"`
  }
  return kept
}
