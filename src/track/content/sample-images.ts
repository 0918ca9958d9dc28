/**
 * Images of a dataset for MLflow's image grid, and an overview of it.
 *
 * A published or generated set shows an image of each class, an attacked one triplets. Sets that only arrange the images of others
 * have the overview alone: a hundred runs with the same ten digits help nobody.
 */
import { Effect } from "effect"
import type { Dataset, DatasetError } from "../../artifact/kinds/dataset.ts"
import type { AttackContext } from "./attacked-images.ts"
import { classKey, type ImageName, imagePaths } from "./image-name.ts"
import { drawImages, isDrawable, type Pixels } from "./picture.ts"
import { type Sample, sampleRows } from "./sample-rows.ts"
import { bytesUpload, type Upload } from "./upload.ts"

/** A picture of the grid: images side by side. */
export interface Shown {
  readonly key: string
  readonly images: ReadonlyArray<Pixels>
}

export interface SampleImages {
  readonly uploads: ReadonlyArray<Upload>
  readonly tags: { readonly [key: string]: string }
}

/** Classes that are shown, and images of each in the overview. */
const mostClasses = 10
const overviewPerClass = 10
/** The longer side of an image in the overview, in pixels, about. */
const overviewSide = 56

/**
 * @param options.isArranged whether its images are those of other sets of the run
 * @param options.attack what is known of the attack, for a set that was attacked here
 */
export const sampleImages = Effect.fnUntraced(function* (
  dataset: Dataset,
  options: {
    /** What makes images' names unique, and the same at every try. */
    readonly name: Pick<ImageName, "of" | "at">
    readonly isArranged: boolean
    readonly attack: AttackContext | undefined
  }
): Effect.fn.Return<SampleImages, DatasetError> {
  const { info } = dataset
  const { name, isArranged, attack } = options
  if (!isDrawable(info.shape) || dataset.count === 0) return { uploads: [], tags: {} }
  const samples = yield* sampleRows(dataset, { perClass: overviewPerClass, classes: mostClasses })
  const overview = pngUpload("figures/samples.png", () =>
    drawImages(
      info.shape,
      samples.map((row) => row.map(({ pixels }) => pixels)),
      overviewSide
    )
  )
  if (isArranged && attack === undefined) return { uploads: [overview], tags: {} }
  const first = samples.flatMap((row) => row.slice(0, 1))
  const shown =
    attack === undefined
      ? first.map(({ label, pixels }) => ({
          key: `samples/class ${classKey(info, label)}`,
          images: [pixels]
        }))
      : yield* triplets(dataset, first, attack)
  const images = shown.flatMap(({ key, images }) => {
    const { full, small } = imagePaths({ ...name, key, step: 0 })
    const draw = () => drawImages(info.shape, [images])
    // They are small enough to be their own smaller twins.
    return [pngUpload(full, draw), pngUpload(small, draw)]
  })
  return { uploads: [overview, ...images], tags: { "mlflow.loggedImages": "True" } }
})

/** TensorFlow.js is loaded with the first attacked set, not with the first run. */
const triplets = (dataset: Dataset, samples: ReadonlyArray<Sample>, attack: AttackContext) =>
  Effect.flatMap(
    Effect.promise(() => import("./attacked-images.ts")),
    ({ attackedImages }) => attackedImages(dataset, samples, attack)
  )

const pngUpload = (path: string, draw: () => Uint8Array): Upload =>
  bytesUpload(path, "image/png", Effect.sync(draw))
