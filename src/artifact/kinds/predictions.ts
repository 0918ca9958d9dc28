/** What models said of labelled images, counted: by true class, predicted class, and how sure they were. */
import { Schema } from "effect"
import { Kind } from "../kind.ts"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Confidences are counted by tenths of [0, 1]. */
export const tenths = 10

export const PredictionsSchema = Schema.Struct({
  /** What was measured, for people. */
  title: Schema.String,
  classes: Schema.Array(Schema.String),
  /** One for each model and set of images. */
  judged: Schema.Array(
    Schema.Struct({
      model: Schema.String,
      /** `clean`, or how the images were changed. */
      set: Schema.String,
      images: Count,
      /** How many images of a true class got a prediction with a confidence in a tenth. What did not happen is left out. */
      cells: Schema.Array(
        Schema.Struct({
          /** Indices into the classes. */
          label: Count,
          prediction: Count,
          /** 0 for probabilities from 0 to 0.1 of the predicted class. */
          tenth: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: tenths - 1 })),
          images: Count
        })
      )
    })
  )
})
export type Predictions = typeof PredictionsSchema.Type

export const Predictions = Kind.json("Predictions", PredictionsSchema)
