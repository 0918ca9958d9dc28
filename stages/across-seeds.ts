/**
 * Puts sweeps of models that differ in their seed alone into one, whose trials are those of all: its accuracies are means over
 * the seeds, with standard errors that hold for another seed.
 *
 * A single sweep's standard error speaks of other images under the same model, which says nothing of another training.
 */
import { Schema } from "effect"
import { Sweep } from "../src/artifact/kinds/sweep.ts"
import { Metrics, Stage } from "../src/stage/index.ts"
import { accuracyAt } from "../src/tensor/evaluation/index.ts"
import { logSweep } from "./log-sweep.ts"

/** Sweeps that are not of one experiment. */
export class SweepsDiffer extends Schema.TaggedError<SweepsDiffer>()("SweepsDiffer", {
  first: Schema.String,
  other: Schema.String,
  what: Schema.String
}) {
  override get message() {
    return `sweeps \`${this.first}\` and \`${this.other}\` of input \`sweeps\` differ in ${this.what}`
  }
  get hint() {
    return "wire sweeps with the same attack and the same epsilons, of one model for each seed"
  }
}

/** No sweep at all. */
export class NoSweeps extends Schema.TaggedError<NoSweeps>()("NoSweeps", {}) {
  override get message() {
    return "input `sweeps` is empty: there is no mean of nothing"
  }
  get hint() {
    return "wire one sweep for each seed"
  }
}

export const acrossSeeds = Stage.make("across-seeds", {
  inputs: {
    /** By a name for each seed. */
    sweeps: Stage.record(Sweep)
  },
  params: Schema.Struct({ title: Schema.String }),
  output: Sweep,

  *run({ sweeps }, { title }) {
    const all = Object.entries(sweeps)
    const [first] = all
    if (first === undefined) return yield* new NoSweeps()
    const [firstName, { network, source, attack, points }] = first
    for (const [other, sweep] of all) {
      const what = differenceOf(first[1], sweep)
      if (what !== undefined) return yield* new SweepsDiffer({ first: firstName, other, what })
    }
    const pooled = points.map(({ epsilon }, place) => ({
      epsilon,
      trials: all.flatMap(([name, sweep]) =>
        (sweep.points[place]?.trials ?? []).map((trial) => ({ ...trial, set: `${name}, ${trial.set}` }))
      )
    }))
    yield* logSweep(pooled)
    for (const point of pooled)
      if (point.trials.length > 1)
        yield* Metrics.log(`standard_error_epsilon_${point.epsilon}`, accuracyAt(point).standardError)
    return { title: `${title}, ${all.length} seeds`, network, source, attack, points: pooled }
  }
})

const differenceOf = (one: Sweep, other: Sweep): string | undefined => {
  const epsilons = ({ points }: Sweep) => points.map(({ epsilon }) => epsilon).join(", ")
  if (epsilons(one) !== epsilons(other)) return `their epsilons, ${epsilons(one)} and ${epsilons(other)}`
  if (one.network !== other.network) return `their networks, \`${one.network}\` and \`${other.network}\``
  if (one.source !== other.source) return `their threat models, ${one.source} and ${other.source}`
  const [mine, theirs] = [one.attack, other.attack].map((attack) => JSON.stringify({ ...attack, seed: 0 }))
  return mine === theirs ? undefined : `their attacks, ${mine} and ${theirs}`
}
