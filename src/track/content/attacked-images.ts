/**
 * Triplets of an attacked dataset: the clean image, the perturbation, the attacked image. The caption has the attack, its epsilon,
 * the true class, and what the model says of the attacked image and how surely: `PGD eps 0.3/7 as 3 0.92`.
 *
 * Loads the maths: import it when there is an attacked dataset.
 */
import { Effect, Option, Schema } from "effect"
import type { Dataset, DatasetError } from "../../artifact/kinds/dataset.ts"
import type { Model } from "../../artifact/kinds/model.ts"
import { Attack } from "../../tensor/attack/attack.ts"
import { perturbationPicture } from "../../tensor/attack/perturbation.ts"
import { attackText } from "../../tensor/evaluation/attack-text.ts"
import { classKey, keyText } from "./image-name.ts"
import { predict } from "./predict.ts"
import type { Shown } from "./sample-images.ts"
import type { Sample } from "./sample-rows.ts"

/** The set that was attacked, row for row, and the model that it was attacked with, where they are known. */
export interface AttackContext {
  readonly clean: Dataset | undefined
  readonly model: Model | undefined
}

export const attackedImages = Effect.fnUntraced(function* (
  { info, count }: Dataset,
  samples: ReadonlyArray<Sample>,
  { clean, model }: AttackContext
): Effect.fn.Return<ReadonlyArray<Shown>, DatasetError> {
  const before =
    clean?.count === count && clean.info.shape.join() === info.shape.join()
      ? yield* Effect.forEach(samples, ({ row }) => clean.rows(row, row + 1))
      : []
  const predictions =
    model === undefined
      ? undefined
      : yield* predict(
          model,
          info,
          samples.map(({ pixels }) => pixels)
        )
  const attack = attackKey(info)
  return samples.map(({ label, pixels }, index): Shown => {
    const said = predictions?.[index]
    // The UI shows some 25 characters of a key.
    const caption = [
      classKey(info, label),
      ...(said === undefined ? [] : ["as", classKey(info, said.label), said.confidence.toFixed(2)])
    ]
    const original = before[index]
    // Another label says that the rows do not correspond.
    const isSame = original?.labels[0] === label
    return {
      key: `${attack}/${caption.join(" ")}`,
      images: isSame ? [original.images, perturbationPicture(original.images, pixels), pixels] : [pixels]
    }
  })
})

const decodeAttack = Schema.decodeUnknownOption(Attack)
const decodeSize = Schema.decodeUnknownOption(Schema.Struct({ epsilon: Schema.Finite }))

/** `PGD eps 0.3`; the rest is in the name and the profile of the dataset. */
const attackKey = ({ notes }: Dataset["info"]): string => {
  const attack = decodeAttack(notes["attack"])
  const [name = ""] = Option.isSome(attack) ? attackText(attack.value).split(",") : ["attacked"]
  const size = decodeSize(notes["attack"])
  return keyText(Option.isSome(size) ? `${name} eps ${Number(size.value.epsilon.toPrecision(4))}` : name)
}
