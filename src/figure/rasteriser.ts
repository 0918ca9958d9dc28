/** SVG as PNG, as a service: what does it lies in packages of its own, with files that no stage may read. */
import { Context, type Effect, Schema } from "effect"

/** A picture could not be drawn. */
export class RasteriserFailed extends Schema.TaggedError<RasteriserFailed>()("RasteriserFailed", {
  reason: Schema.String
}) {
  override get message() {
    return `the SVG cannot be drawn as PNG: ${this.reason}`
  }
  get hint() {
    return "if the SVG shows in a browser, please report this"
  }
}

export interface RasteriserShape {
  /** The picture at twice its size, for screens with fine pixels. The same bytes on every machine. */
  readonly png: (svg: string) => Effect.Effect<Uint8Array, RasteriserFailed>
}

/** What draws. As a part of the service's name it is a part of the code, and thereby of the key, of every stage that draws. */
export const rasteriserVersion = "@resvg/resvg-wasm 2.6.2, @fontsource/inter 5.3.0"

/** Workers have one. Where there is none, a figure is its SVG alone. */
export const Rasteriser = Context.Reference<RasteriserShape | undefined>(
  `pipeline/figure/Rasteriser (${rasteriserVersion})`,
  { defaultValue: () => undefined }
)
