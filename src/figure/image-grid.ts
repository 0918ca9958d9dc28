/**
 * Pictures of attacks as SVG: for each model the clean images with its predictions, and for each epsilon what the attack added
 * and what came of it. A wrong prediction is set in the colour of what is bad, and marked with a cross for who does not see it.
 */
import { encode } from "fast-png"
import { markupText } from "../text/markup.ts"
import { fontFamily } from "./chart.ts"
import { onWhite } from "./palette.ts"

/** Row-major `[height, width, channels]` in [0, 1]. */
export type Pixels = Float32Array

export interface Said {
  /** The class's name. */
  readonly prediction: string
  /** Its probability. */
  readonly confidence: number
  readonly right: boolean
}

/** What one model says of the images, clean and attacked. */
export interface GridBlock {
  readonly model: string
  readonly clean: ReadonlyArray<Said>
  readonly attacked: ReadonlyArray<{
    readonly epsilon: number
    readonly images: ReadonlyArray<{
      readonly perturbation: Pixels
      readonly image: Pixels
      readonly said: Said
    }>
  }>
}

export interface ImageGrid {
  readonly shape: readonly [height: number, width: number, channels: number]
  /** The clean images, the same for all models. */
  readonly clean: ReadonlyArray<Pixels>
  readonly blocks: ReadonlyArray<GridBlock>
}

const cell = { side: 44, gap: 6, caption: 13 }
const head = 22
const margin = 10
const labels = 62
const space = 26
/** So many pixels wide at most, before blocks go below each other. */
const widest = 1140

/** @param grid images of one or three channels */
export const imageGrid = ({ shape, clean, blocks }: ImageGrid): string => {
  const rows = blocks.reduce((most, { attacked }) => Math.max(most, attacked.length), 0)
  const width = labels + clean.length * (cell.side + cell.gap)
  const height = head + (cell.side + cell.caption + cell.gap) * (1 + 2 * rows) - rows * cell.caption
  const across = Math.max(1, Math.min(blocks.length, Math.floor((widest + space) / (width + space))))
  const down = Math.ceil(blocks.length / across)
  const size = {
    width: 2 * margin + across * (width + space) - space,
    height: 2 * margin + down * (height + space) - space
  }
  const drawn = blocks.map((block, index) => {
    const x = margin + (index % across) * (width + space)
    const y = margin + Math.floor(index / across) * (height + space)
    return `<g transform="translate(${x},${y})">${blockOf(block, clean, shape)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="${fontFamily}">`,
    `<rect width="${size.width}" height="${size.height}" fill="${onWhite.page}"/>`,
    ...drawn,
    "</svg>",
    ""
  ].join("\n")
}

const blockOf = (
  { model, clean: said, attacked }: GridBlock,
  clean: ReadonlyArray<Pixels>,
  shape: ImageGrid["shape"]
): string => {
  const parts = [
    `<text y="14" font-size="13" font-weight="600" fill="${onWhite.ink}">${markupText(model)}</text>`,
    rowOf("clean", head, clean, said, shape)
  ]
  let y = head + cell.side + cell.caption + cell.gap
  for (const { epsilon, images } of attacked) {
    parts.push(
      rowOf(
        "change",
        y,
        images.map(({ perturbation }) => perturbation),
        [],
        shape
      )
    )
    y += cell.side + cell.gap
    parts.push(
      rowOf(
        `ε ${Number(epsilon.toPrecision(3))}`,
        y,
        images.map(({ image }) => image),
        images.map((image) => image.said),
        shape
      )
    )
    y += cell.side + cell.caption + cell.gap
  }
  return parts.join("")
}

const rowOf = (
  label: string,
  y: number,
  images: ReadonlyArray<Pixels>,
  said: ReadonlyArray<Said>,
  shape: ImageGrid["shape"]
): string =>
  [
    `<text x="${labels - 8}" y="${y + cell.side / 2 + 4}" font-size="11" text-anchor="end" fill="${onWhite.soft}">${markupText(label)}</text>`,
    ...images.flatMap((pixels, column) => {
      const x = labels + column * (cell.side + cell.gap)
      const answer = said[column]
      return [
        `<image x="${x}" y="${y}" width="${cell.side}" height="${cell.side}" image-rendering="optimizeSpeed" href="${pngOf(pixels, shape)}"/>`,
        ...(answer === undefined ? [] : [captionOf(answer, x + cell.side / 2, y + cell.side + 10)])
      ]
    })
  ].join("")

/** Some ten characters have room below an image. */
const captionOf = ({ prediction, confidence, right }: Said, x: number, y: number): string => {
  const name = prediction.length > 6 ? `${prediction.slice(0, 5)}…` : prediction
  const text = `${right ? "" : "× "}${name} ${confidence.toFixed(2)}`
  return `<text x="${x}" y="${y}" font-size="9.5" text-anchor="middle" fill="${right ? onWhite.soft : onWhite.bad}">${markupText(text)}</text>`
}

/** Enlarged by whole pixels, because not every viewer keeps the edges of small ones. */
const pngOf = (pixels: Pixels, [height, width, channels]: ImageGrid["shape"]): string => {
  const scale = Math.max(1, Math.round((2 * cell.side) / Math.max(height, width)))
  const data = new Uint8Array(height * scale * width * scale * channels)
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels
      const to = (y * width * scale + x) * channels
      for (let channel = 0; channel < channels; channel++)
        data[to + channel] = Math.round(255 * Math.min(1, Math.max(0, pixels[from + channel] ?? 0)))
    }
  }
  const png = encode({ width: width * scale, height: height * scale, data, channels }, { zlib: { level: 9 } })
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`
}
