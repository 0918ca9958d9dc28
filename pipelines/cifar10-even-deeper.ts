/**
 * Adversarial training on CIFAR-10 whose accuracy under attack exceeds the clean one, after study 1 (Deepthi et al.), and why.
 *
 *     train ─► 1: clean ─► 2: with FGSM ─► 3: with FGSM again ─┬─► faithful: FGSM, true labels ────┬─► label-leak report
 *                      └─► 4: with FGSM, half the radius ──────┼─► five honest attacks ────────────┘
 *     test ────────────────────────────────────────────────────┴─► corrected: sweeps, transfer, noise, checks
 *     published numbers beside both ─► comparison
 *
 * *Faithful* repeats what the study must have done: networks that are trained on FGSM images made with the true labels, in one step
 * from the image, are attacked in just this way, at a radius at which every image can be turned grey. *Corrected* attacks the
 * same networks as an attacker would. The study publishes no widths, epochs, batch size, rate, angle, nor whether clean images
 * take part in the later trainings; those are params here, and their values are ours.
 */
import { Pipeline } from "../src/stage/index.ts"
import { compare } from "../stages/compare.ts"
import { drawTraining } from "../stages/draw-training.ts"
import { samplePerClass } from "../stages/sample-per-class.ts"
import { correctedColumn } from "./cifar10-even-deeper/corrected.ts"
import { load } from "./cifar10-even-deeper/data.ts"
import { leakReport } from "./cifar10-even-deeper/leak.ts"
import { Params } from "./cifar10-even-deeper/params.ts"
import { demo, paper, quick } from "./cifar10-even-deeper/presets.ts"
import { published } from "./cifar10-even-deeper/published.ts"
import { sizeText, work } from "./cifar10-even-deeper/size.ts"
import { experiments } from "./cifar10-even-deeper/training.ts"
import { remarksOf, workNode } from "./shared/size.ts"

export default Pipeline.make("cifar10-even-deeper", {
  description:
    "Adversarial training on CIFAR-10 that leaks labels: a published study, faithfully and corrected",
  params: Params,
  presets: { demo, quick, paper },
  defaultPreset: "quick",
  remarks: (params) => remarksOf(work, { params, paper, size: sizeText(params) }),
  build: (params) => {
    const { train, test } = load(params)
    const models = experiments(params, train)
    const { seed, pgd } = params.honest
    const sample =
      pgd.perClass === null ? test : samplePerClass({ data: test }, { perClass: pgd.perClass, seed })
    const size = sizeText(params)
    const given = { models, test, sample, size }
    const leak = leakReport(params, given)
    const corrected = correctedColumn(params, given)
    return {
      train,
      test,
      sample,
      models,
      trainings: drawTraining(
        { models },
        { title: `Four experiments: loss and accuracy over epochs; ${size}` }
      ),
      leak,
      corrected,
      comparison: compare(
        { faithful: leak.leaking, corrected: corrected.sweeps },
        { title: `Published beside faithful and corrected; ${size}`, published: published(params) }
      ),
      work: workNode(work, { params, paper, size })
    }
  }
})
