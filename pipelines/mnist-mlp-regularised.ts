/**
 * A perceptron with one hidden layer on MNIST, regularised by L1 and L2, under FGSM, after study 4 (Limaye, Tirupari & Rangan),
 * faithfully and corrected side by side, with several seeds.
 *
 *     train ─► λ1 × λ2 × seeds ─► curves, images not cut ─► means over seeds ─► accuracy, confidence beside what was published
 *        └───► no dropout, FGSM-trained, PGD-trained × seeds ─┴─► corrected: images cut, PGD, noise, checks
 *
 * The study does not define its confidence: `confidence` has both definitions beside its numbers. Its abstract promises
 * adversarial training, which it neither describes nor reports: here it is. The width of the hidden layer, dropout and epochs
 * are those of the program that it cites.
 */
import { Pipeline } from "../src/stage/index.ts"
import { compare } from "../stages/compare.ts"
import { compareConfidence } from "../stages/compare-confidence.ts"
import { drawTraining } from "../stages/draw-training.ts"
import { plausibility } from "../stages/plausibility.ts"
import { sweepTable } from "../stages/sweep-table.ts"
import { load } from "./dataset-card.ts"
import { correctedColumn } from "./mnist-mlp-regularised/corrected.ts"
import { faithfulColumn } from "./mnist-mlp-regularised/faithful.ts"
import { Params } from "./mnist-mlp-regularised/params.ts"
import { demo, paper, quick } from "./mnist-mlp-regularised/presets.ts"
import { largestClassShare, published, publishedConfidence } from "./mnist-mlp-regularised/published.ts"
import { sizeText, work } from "./mnist-mlp-regularised/size.ts"
import { named } from "./shared/judge.ts"
import { eachSeed } from "./shared/seeds.ts"
import { remarksOf, workNode } from "./shared/size.ts"

export default Pipeline.make("mnist-mlp-regularised", {
  description:
    "A perceptron on digits with L1, L2 and dropout under FGSM: a grid of regularisations over several seeds",
  params: Params,
  presets: { demo, quick, paper },
  defaultPreset: "quick",
  remarks: (params) => remarksOf(work, { params, paper, size: sizeText(params) }),
  build: (params) => {
    const { train, test } = load(params)
    const size = sizeText(params)
    const faithful = faithfulColumn(params, { train, test })
    const corrected = correctedColumn(params, { train, test, size })
    // A grid that was set otherwise may lack published cells.
    const cells = published(Object.keys(corrected.sweeps)).filter(({ faithful: name }) =>
      isIn(faithful.sweeps, name)
    )
    return {
      train,
      test,
      faithful,
      corrected,
      trainings: eachSeed(params.seeds, (seed) =>
        drawTraining(
          { models: { ...faithful.bySeed[`seed-${seed}`]?.models, ...corrected.models[`seed-${seed}`] } },
          { title: `Seed ${seed}: loss and accuracy over epochs; ${size}` }
        )
      ),
      table: sweepTable(
        { sweeps: faithful.sweeps },
        { title: `Faithful: ${params.seeds.length} seeds, images not cut to [0, 1]; ${size}` }
      ),
      comparison: compare(
        { faithful: faithful.sweeps, corrected: corrected.sweeps },
        { title: `Study 4: published beside faithful and corrected; ${size}`, published: cells }
      ),
      confidence: compareConfidence(
        { sweeps: faithful.sweeps },
        {
          title: `Study 4: confidence by both definitions; ${size}`,
          published: publishedConfidence.filter(({ sweep }) => isIn(faithful.sweeps, sweep))
        }
      ),
      plausibility: plausibility(
        { sweeps: { ...named("faithful", faithful.sweeps), ...named("corrected", corrected.sweeps) } },
        {
          title: `Study 4: what cannot be; ${size}`,
          tolerance: params.evaluation.tolerance,
          published: cells.map(({ what, source, points }) => ({
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

const isIn = (sweeps: object, name: string | null): boolean => name !== null && Object.hasOwn(sweeps, name)
