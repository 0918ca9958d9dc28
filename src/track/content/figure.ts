/** Figures as they are: PNG and SVG files, which MLflow's UI shows. */
import { Effect } from "effect"
import type { ArtifactReader } from "../../artifact/kind.ts"
import { Figure } from "../../artifact/kinds/figure.ts"
import { blobUpload, type ContentError, type Upload } from "./upload.ts"

const types: { readonly [file: string]: string } = {
  "figure.png": "image/png",
  "figure.svg": "image/svg+xml"
}

/** Its files as `figures/figure.png` and `figures/figure.svg`, and what it shows in words. */
export const figureContent = Effect.fnUntraced(function* (
  reader: ArtifactReader
): Effect.fn.Return<{ readonly uploads: ReadonlyArray<Upload>; readonly note: string }, ContentError> {
  const { title, description } = yield* Figure.decode(reader)
  const uploads: Array<Upload> = []
  for (const [file, contentType] of Object.entries(types)) {
    if (reader.manifest.files[file] === undefined) continue
    uploads.push(blobUpload(`figures/${file}`, contentType, yield* reader.open(file)))
  }
  return { uploads, note: `**${title}**\n\n${description}` }
})
