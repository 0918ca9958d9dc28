/**
 * A pipeline: a named, parametrised set of nodes. Building one runs nothing.
 */
import type { Schema } from "effect"
import type { Output } from "./output.ts"

/** Nodes by name. Nesting gives names such as `fgsm/0.1`. */
export type Nodes = {
  readonly [name: string]: Output<string> | ReadonlyArray<Output<string> | Nodes> | Nodes
}

/** What there is to say about a run with some params, a sentence or two each. */
export interface Remarks {
  /** Said by `plan`, and before a run: what it will cost. */
  readonly before?: string
  /** Said after a run that computed something: what it did not show. */
  readonly after?: string
}

export interface Pipeline<P, N extends Nodes> {
  readonly name: string
  readonly description: string
  readonly params: Schema.Codec<P, unknown>
  readonly presets: { readonly [preset: string]: P }
  readonly defaultPreset: string
  /** The nodes for some params. Another pipeline calls this to hold this one within itself. */
  readonly build: (params: P) => N
  readonly remarks?: (params: P) => Remarks
}

/**
 * Defines a pipeline. It is the default export of `pipelines/<name>.ts`.
 *
 * All numbers live here: each preset gives every param, `--set name=value` overrides one, and `params` checks the result
 * before anything runs.
 *
 * @param presets complete sets of params by name; `defaultPreset` is used where none is asked for
 */
const make = <P, const Preset extends string, const N extends Nodes>(
  name: string,
  definition: {
    readonly description: string
    readonly params: Schema.Codec<P, unknown>
    readonly presets: { readonly [preset in Preset]: NoInfer<P> }
    readonly defaultPreset: NoInfer<Preset>
    readonly build: (params: NoInfer<P>) => N
    readonly remarks?: (params: NoInfer<P>) => Remarks
  }
): Pipeline<P, N> => ({ name, ...definition })

export const Pipeline = { make }
