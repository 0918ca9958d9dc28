/** The same for each seed, and then all seeds together. */
import type { Output } from "../../src/stage/index.ts"
import { acrossSeeds } from "../../stages/across-seeds.ts"

/** A record with an entry for each seed: `seed-1`. */
export const eachSeed = <A>(seeds: ReadonlyArray<number>, make: (seed: number) => A): { [seed: string]: A } =>
  Object.fromEntries(seeds.map((seed) => [`seed-${seed}`, make(seed)]))

/**
 * Sweeps under the same names for each seed, as one sweep for each name.
 *
 * @param bySeed for each seed, sweeps by name
 */
export const pooled = (
  title: string,
  bySeed: { readonly [seed: string]: { readonly [name: string]: Output<"Sweep"> } }
): { readonly [name: string]: Output<"Sweep"> } => {
  const [first = {}] = Object.values(bySeed)
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const sweeps = Object.entries(bySeed).flatMap(([seed, { [name]: sweep }]) =>
        sweep === undefined ? [] : [[seed, sweep] as const]
      )
      return [name, acrossSeeds({ sweeps: Object.fromEntries(sweeps) }, { title: `${title}, ${name}` })]
    })
  )
}
