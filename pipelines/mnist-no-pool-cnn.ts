/**
 * A convolutional network without pools on MNIST under FGSM of epsilon 0.1 to 0.8, after study 3 (Lee), which leaves open what its
 * epsilons are measured in.
 *
 *     train ─► a baseline for each preprocessing ─► adversarial trainings ─► curves of all cells ─► closest cell
 *                 └─► corrected: pixels in [0, 1] ─► on the fly ─► FGSM, PGD, noise, transfer, checks
 *     published numbers ─► comparison, plausibility
 *
 * In pixels the published accuracies cannot be: from epsilon 0.5 on every image can be made the same grey one, and 85.53 % were
 * published there. `plausibility` says so; `closest` says which preprocessing, clamp and training epsilon come closest to what
 * was published, and `closestCurve` how close.
 */
import { Array as NonEmpty } from "effect"
import { Pipeline } from "../src/stage/index.ts"
import { closestCell } from "../stages/closest-cell.ts"
import { closestCurve } from "../stages/closest-curve.ts"
import { compare } from "../stages/compare.ts"
import { plausibility } from "../stages/plausibility.ts"
import { load } from "./dataset-card.ts"
import { correctedColumn } from "./mnist-no-pool-cnn/corrected.ts"
import { grid, sweepsOfGuesses } from "./mnist-no-pool-cnn/grid.ts"
import { Params } from "./mnist-no-pool-cnn/params.ts"
import { demo, paper, quick } from "./mnist-no-pool-cnn/presets.ts"
import { columns, largestClassShare, names, published } from "./mnist-no-pool-cnn/published.ts"
import { sizeText, work } from "./mnist-no-pool-cnn/size.ts"
import { named } from "./shared/judge.ts"
import { remarksOf, workNode } from "./shared/size.ts"

export default Pipeline.make("mnist-no-pool-cnn", {
  description: "A CNN without pools on digits under FGSM: what a published table can have been measured in",
  params: Params,
  presets: { demo, quick, paper },
  defaultPreset: "quick",
  remarks: (params) => remarksOf(work, { params, paper, size: sizeText(params) }),
  build: (params) => {
    const { train, test } = load(params)
    const size = sizeText(params)
    const { baselines, guesses, literal, trainings } = grid(params, { train, test, size })
    const cells = NonEmpty.map(guesses, ({ cell }) => cell)
    const sweeps = sweepsOfGuesses(guesses)
    const corrected = correctedColumn(params, {
      train,
      test,
      size,
      baseline: literal.baseline,
      oneStep: literal.model
    })
    const faithful = { [names.faithful.plain]: literal.plain, [names.faithful.trained]: literal.trained }
    return {
      train,
      test,
      baselines,
      models: Object.fromEntries(guesses.map(({ cell, model }) => [cell.name, model])),
      trainings,
      sweeps,
      closest: closestCell(
        { sweeps },
        {
          title: `Study 3: which guess comes closest to what was published; ${size}`,
          facts: ["preprocessing", "clamp", "trained on epsilon"],
          published: columns,
          cells
        }
      ),
      closestCurve: closestCurve(
        { sweeps },
        { title: `Study 3: the closest guess; ${size}`, published: columns, cells }
      ),
      corrected,
      comparison: compare(
        { faithful, corrected: corrected.sweeps },
        { title: `Study 3: published beside faithful and corrected; ${size}`, published }
      ),
      plausibility: plausibility(
        { sweeps: { ...sweeps, ...named("corrected", corrected.sweeps) } },
        {
          title: `Study 3: what cannot be, if epsilons are of pixels; ${size}`,
          tolerance: params.evaluation.tolerance,
          published: columns.map(({ column, points }) => ({ what: column, points, largestClassShare }))
        }
      ),
      work: workNode(work, { params, paper, size })
    }
  }
})
