/**
 * A small convolutional network on MNIST under FGSM and PGD, after study 0 (Srivathsav et al.), faithfully and corrected side by
 * side.
 *
 *     train, test ─┬─► faithful:  baseline ─► attacked test images ─► trained further ─► curves; the same without the leak
 *                  └─► corrected: 55,000 to train, 5,000 to validate ─► baseline ─► retrained, fresh, on the fly ─► curves, checks
 *     published numbers beside both ─► comparison, epsilons, plausibility
 *
 * The study's printed code differentiates the sum of the softmax outputs, which is constant: `baseline-printed` does that
 * literally. Its further training sees attacked images of the test set that it is then judged on: `leakage` says what that
 * gains. Its FGSM leaves 46.5 % at epsilon 0.1: `epsilons` says at which epsilon ours does.
 */
import { Pipeline } from "../src/stage/index.ts"
import { compare } from "../stages/compare.ts"
import { epsilonAt } from "../stages/epsilon-at.ts"
import { plausibility } from "../stages/plausibility.ts"
import { load } from "./dataset-card.ts"
import { correctedColumn } from "./mnist-keras-cnn/corrected.ts"
import { faithfulColumn } from "./mnist-keras-cnn/faithful.ts"
import { Params } from "./mnist-keras-cnn/params.ts"
import { demo, paper, quick } from "./mnist-keras-cnn/presets.ts"
import { largestClassShare, published, wanted } from "./mnist-keras-cnn/published.ts"
import { sizeText, work } from "./mnist-keras-cnn/size.ts"
import { named } from "./shared/judge.ts"
import { remarksOf, workNode } from "./shared/size.ts"

export default Pipeline.make("mnist-keras-cnn", {
  description:
    "A small CNN on digits under FGSM and PGD: a study that trains on its test set, and without that",
  params: Params,
  presets: { demo, quick, paper },
  defaultPreset: "quick",
  remarks: (params) => remarksOf(work, { params, paper, size: sizeText(params) }),
  build: (params) => {
    const { train, test } = load(params)
    const size = sizeText(params)
    const faithful = faithfulColumn(params, { train, test, size })
    const corrected = correctedColumn(params, { train, test, size })
    const sweeps = { ...named("faithful", faithful.sweeps), ...named("corrected", corrected.sweeps) }
    return {
      train,
      test,
      faithful,
      corrected,
      comparison: compare(
        { faithful: faithful.sweeps, corrected: corrected.sweeps },
        { title: `Study 0: published beside faithful and corrected; ${size}`, published }
      ),
      epsilons: epsilonAt(
        { sweeps },
        { title: `Study 0: how large published attacks must have been; ${size}`, wanted }
      ),
      plausibility: plausibility(
        { sweeps },
        {
          title: `Study 0: what cannot be; ${size}`,
          tolerance: params.evaluation.tolerance,
          published: published.map(({ what, source, points }) => ({
            what: `${what}, ${source}`,
            points,
            largestClassShare
          }))
        }
      ),
      work: workNode(work, { params, paper, size })
    }
  }
})
