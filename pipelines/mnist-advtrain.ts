/**
 * Adversarial training on handwritten digits. So far only its first part: the data, split and described. Nothing is
 * trained or attacked yet.
 *
 *     train ─┬─► training
 *            ├─► validation
 *            └─► card ◄─── test
 */
import { Schema } from "effect"
import { Pipeline } from "../src/stage/index.ts"
import { split } from "../stages/split.ts"
import datasetCard, { DataParams, mnistHasEnough } from "./dataset-card.ts"

export default Pipeline.make("mnist-advtrain", {
  description:
    "Adversarial training on digits: data, validation split and dataset card (no training or attacks yet)",
  params: Schema.Struct({
    ...DataParams.fields,
    /** Share of the training images that is held out to choose by. */
    validationShare: Schema.Finite.check(Schema.isBetween({ minimum: 0.01, maximum: 0.5 })),
    splitSeed: Schema.Int
  }).check(mnistHasEnough),
  presets: {
    demo: {
      data: "synthetic-digits",
      trainCount: 4000,
      testCount: 1000,
      dataSeed: 1,
      validationShare: 0.1,
      splitSeed: 2
    },
    quick: {
      data: "mnist",
      trainCount: 10_000,
      testCount: 2000,
      dataSeed: 1,
      validationShare: 0.1,
      splitSeed: 2
    },
    paper: {
      data: "mnist",
      trainCount: 60_000,
      testCount: 10_000,
      dataSeed: 1,
      validationShare: 0.1,
      splitSeed: 2
    }
  },
  defaultPreset: "demo",
  build: ({ validationShare, splitSeed, ...data }) => {
    const { train, test, ...card } = datasetCard.build({ ...data, perClass: 16, scale: 2 })
    const heldOut = { heldOutShare: validationShare, seed: splitSeed }
    return {
      train,
      test,
      training: split({ data: train }, { part: "kept", ...heldOut }),
      validation: split({ data: train }, { part: "held-out", ...heldOut }),
      card
    }
  }
})
