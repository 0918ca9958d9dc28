/**
 * Adversarial training on handwritten digits, after study 2 (Sen & Liu), faithfully and corrected side by side.
 *
 *     train ─► split ─► baseline ─┬─► faithful:  FGSM, PGD sets ─► combined ─► retrained, fresh ─► sweeps on samples
 *                                 └─► corrected: FGSM, PGD sets ─► combined ─► retrained, fresh ─┬─► sweeps, transfer,
 *                       on the fly: FGSM, PGD ──────────────────────────────────────────────────┘   noise, checks, matrix
 *     published numbers beside both ─► comparison
 *
 * *Faithful* repeats what the study did: the loss is minus the true class's raw logit, PGD has steps of 0.5 at every epsilon,
 * 10 test images of each class are looked at, and PGD's curves are of images that were made against the baseline. *Corrected*
 * is what a reviewer asks for: cross-entropy, all test images, white-box and transfer apart, sensible steps, controls.
 *
 * Training sets are made of training images only. A change hits what depends on it: another sweep trains nothing, another
 * `alpha` leaves FGSM's branch alone, another epsilon makes one set more and trains its branch again.
 */
import { Pipeline } from "../src/stage/index.ts"
import { compare } from "../stages/compare.ts"
import { split } from "../stages/split.ts"
import { take } from "../stages/take.ts"
import { train as trainNetwork } from "../stages/train.ts"
import { load } from "./dataset-card.ts"
import { correctedColumn } from "./mnist-advtrain/corrected.ts"
import { faithfulColumn } from "./mnist-advtrain/faithful.ts"
import { Params, trainingImages } from "./mnist-advtrain/params.ts"
import { demo, paper, quick } from "./mnist-advtrain/presets.ts"
import { published } from "./mnist-advtrain/published.ts"
import { sizeText, work } from "./mnist-advtrain/size.ts"
import { options } from "./mnist-advtrain/training.ts"
import { remarksOf, workNode } from "./shared/size.ts"

export default Pipeline.make("mnist-advtrain", {
  description:
    "Adversarial training on digits with FGSM and PGD: a published study, faithfully and corrected",
  params: Params,
  presets: { demo, quick, paper },
  defaultPreset: "quick",
  remarks: (params) => remarksOf(work, { params, paper, size: sizeText(params) }),
  build: (params) => {
    const { validationShare, splitSeed, network, static: fixed } = params
    const { train, test } = load(params)
    const part = (name: "kept" | "held-out") =>
      split({ data: train }, { part: name, heldOutShare: validationShare, seed: splitSeed })
    const training = validationShare === 0 ? train : part("kept")
    const validation = validationShare === 0 ? [] : [part("held-out")]
    const baseline = trainNetwork(
      { data: training, validation, from: [] },
      { network, initialSeed: params.training.seed, options: options(params, params.baseline.epochs) }
    )
    const clean =
      fixed.images === null || fixed.images === trainingImages(params)
        ? training
        : take({ data: training }, { count: fixed.images })
    const size = sizeText(params)
    const given = { baseline, training, clean, validation, test, size }
    const faithful = faithfulColumn(params, given)
    const { sweeps, ...corrected } = correctedColumn(params, given)
    return {
      train,
      test,
      training,
      validation,
      clean,
      baseline,
      faithful,
      corrected,
      comparison: compare(
        { faithful: faithful.sweeps, corrected: sweeps },
        { title: `Published beside faithful and corrected; ${size}`, published }
      ),
      work: workNode(work, { params, paper, size })
    }
  }
})
