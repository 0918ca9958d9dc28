/**
 * Draws SVG by resvg, compiled to WebAssembly, with the font Inter: neither the machine's fonts nor its processor change a pixel.
 *
 * Everything is loaded with the first picture.
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Effect, Layer } from "effect"
import { Rasteriser, RasteriserFailed } from "./rasteriser.ts"
import { plainFont } from "./woff.ts"

const { resolve } = createRequire(import.meta.url)

/** Latin in two weights, and Greek, for ε. What none of them has is drawn as nothing. */
const fonts = ["latin-400", "latin-600", "latin-ext-400", "greek-400"]

const load = async () => {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm")
  await initWasm(await readFile(resolve("@resvg/resvg-wasm/index_bg.wasm")))
  const fontBuffers = await Promise.all(
    fonts.map(async (name) =>
      plainFont(await readFile(resolve(`@fontsource/inter/files/inter-${name}-normal.woff`)))
    )
  )
  return (svg: string): Uint8Array => {
    const picture = new Resvg(svg, {
      fitTo: { mode: "zoom", value: 2 },
      font: { fontBuffers, defaultFontFamily: "Inter", sansSerifFamily: "Inter" }
    })
    const image = picture.render()
    const png = image.asPng()
    image.free()
    picture.free()
    return png
  }
}

let loaded: Promise<(svg: string) => Uint8Array> | undefined

export const rasteriserLive = Layer.succeed(Rasteriser, {
  png: (svg) =>
    Effect.tryPromise({
      try: async () => {
        // The package can be started only once in a process.
        loaded ??= load()
        return (await loaded)(svg)
      },
      catch: (cause) => new RasteriserFailed({ reason: String(cause) })
    })
})
