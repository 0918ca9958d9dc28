/** What drawings as SVG have in common. */
export { markupText as svgText } from "../../text/markup.ts"

/** A whole file on white, because it is looked at outside of any page. Sizes in pixels. */
export const svgFile = (width: number, height: number, content: ReadonlyArray<string>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...content,
    "</svg>",
    ""
  ].join("\n")
