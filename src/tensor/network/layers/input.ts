/** What comes in: images of one shape, pixels in [0, 1]. The first layer of every network, and only the first. */
import { Schema } from "effect"
import { named, Size } from "./settings.ts"

export const Input = Schema.Struct({
  type: Schema.Literal("input"),
  ...named,
  /** Height, width, channels of one image. */
  shape: Schema.Tuple([Size, Size, Size])
})
