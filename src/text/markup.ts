/** A stranger's text for markup: HTML, SVG, XML. */

/** Control characters, direction overrides and lone surrogates spelt out: no target language may see them. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

/** Text between tags, or inside the quotes of an attribute. */
export const markupText = (text: string): string =>
  printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
