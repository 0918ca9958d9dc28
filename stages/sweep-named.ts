/** Finds a sweep by the name that a param gives it. */
import { Effect, Schema } from "effect"
import type { Sweep } from "../src/artifact/kinds/sweep.ts"

/** A param names a sweep that is not wired. */
export class UnknownSweep extends Schema.TaggedError<UnknownSweep>()("UnknownSweep", {
  param: Schema.String,
  name: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `param \`${this.param}\` names a sweep \`${this.name}\` that is not among the inputs`
  }
  get hint() {
    return `the sweeps are ${this.known.map((name) => `\`${name}\``).join(", ")}`
  }
}

/** @param param the param that has the name, for the error */
export const sweepNamed = (
  sweeps: { readonly [name: string]: Sweep },
  name: string,
  param: string
): Effect.Effect<Sweep, UnknownSweep> => {
  const sweep = Object.hasOwn(sweeps, name) ? sweeps[name] : undefined
  return sweep === undefined
    ? Effect.fail(new UnknownSweep({ param, name, known: Object.keys(sweeps) }))
    : Effect.succeed(sweep)
}
