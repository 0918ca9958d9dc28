/**
 * What study 1 published: Deepthi et al., "EvenDeeperCNN" on CIFAR-10 under FGSM. All numbers are printed in its text; its epsilons
 * are in units of the normalised images, from -1 to 1.
 */
import type { PublishedCurve } from "../../stages/compare.ts"
import { type Params, pixels } from "./params.ts"

const printed = [
  {
    name: "first",
    what: "1: trained and tested without attacks",
    clean: 0.8058,
    attacked: 0.1385,
    epsilon: "1.0"
  },
  {
    name: "second",
    what: "2: trained and tested again",
    clean: 0.7642,
    attacked: 0.8172,
    epsilon: "1.0"
  },
  { name: "third", what: "3: once again", clean: 0.8231, attacked: 0.9447, epsilon: "1.0, as “94.47v”" },
  {
    name: "fourth",
    what: "4: a deeper model",
    clean: 0.828,
    attacked: 0.9713,
    epsilon: "0.5; its discussion has 0.8282 clean"
  }
] as const

/**
 * Each experiment's two numbers, at the radius that the run has. The faithful sweep has the experiment's name; the corrected ones
 * are FGSM's, for the clean images, and PGD's.
 */
export const published = (params: Params): ReadonlyArray<PublishedCurve> =>
  printed.flatMap(({ name, what, clean, attacked, epsilon }) => {
    const source = `text, printed, with epsilon ${epsilon}`
    return [
      {
        what: `${what}; clean`,
        source,
        points: [[0, clean] as const],
        faithful: name,
        corrected: `${name}-fgsm`
      },
      {
        what: `${what}; under FGSM`,
        source: `${source}; corrected is under PGD`,
        points: [[pixels(params[name].normalisedEpsilon), attacked] as const],
        faithful: name,
        corrected: `${name}-pgd`
      }
    ]
  })
