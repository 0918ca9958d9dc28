/** Optimisers by their settings. */
import { Schema } from "effect"
import { AdamSettings, AdamWSettings, adam } from "./adam.ts"
import type { Optimiser } from "./optimiser.ts"
import { RmsPropSettings, rmsProp } from "./rmsprop.ts"
import { SgdSettings, sgd } from "./sgd.ts"

export { AdamSettings, AdamWSettings, adam } from "./adam.ts"
export { type Coefficients, named, type Optimiser } from "./optimiser.ts"
export { RmsPropSettings, rmsProp } from "./rmsprop.ts"
export { SgdSettings, sgd } from "./sgd.ts"

/** Which optimiser, and its settings. The learning rate is the schedule's. */
export const OptimiserSettings = Schema.Union([SgdSettings, AdamSettings, AdamWSettings, RmsPropSettings])
export type OptimiserSettings = typeof OptimiserSettings.Type

export const makeOptimiser = (settings: OptimiserSettings): Optimiser => {
  switch (settings.type) {
    case "sgd":
      return sgd(settings)
    case "adam":
    case "adamw":
      return adam(settings)
    case "rmsprop":
      return rmsProp(settings)
  }
}
