/**
 * A stage: a typed function from artifacts and params to one artifact.
 *
 * Calling a stage runs nothing. It returns an `Output`, a promise of the artifact, and a pipeline is a program that
 * passes these on. What a stage may touch is in its types: `run` may yield effects that need `StageServices` and no others.
 */
import { Effect, Schema } from "effect"
import type { AnyKind, ValueOf } from "../artifact/kind.ts"
import type { InputSpec, ListOf, RecordOf, StageMeta, StageOptions } from "./node.ts"
import type { Output } from "./output.ts"
import type { StageFailure, StageServices } from "./services.ts"

type Inputs = { readonly [input: string]: InputSpec }

/** What a pipeline passes for each input. */
export type Outputs<I extends Inputs> = {
  readonly [input in keyof I]: I[input] extends ListOf<infer K>
    ? ReadonlyArray<Output<K["name"]>>
    : I[input] extends RecordOf<infer K>
      ? { readonly [key: string]: Output<K["name"]> }
      : I[input] extends AnyKind
        ? Output<I[input]["name"]>
        : never
}

/** Nothing at all, where a stage has no inputs: an empty mapped type would take anything. */
export type Wires<I extends Inputs> = keyof I extends never ? { readonly [input: string]: never } : Outputs<I>

/** What `run` is given for each input. */
export type Values<I extends Inputs> = {
  readonly [input in keyof I]: I[input] extends ListOf<infer K>
    ? ReadonlyArray<ValueOf<K>>
    : I[input] extends RecordOf<infer K>
      ? { readonly [key: string]: ValueOf<K> }
      : I[input] extends AnyKind
        ? ValueOf<I[input]>
        : never
}

/** A schema of params: plain data in, plain data out. */
export type ParamsSchema = Schema.Codec<unknown, unknown>

export interface Stage<I extends Inputs, P extends ParamsSchema, O extends AnyKind> {
  (inputs: Wires<I>, params: P["Type"]): Output<O["name"]>
  readonly meta: StageMeta
  /** Runs the stage on values at hand, with params as its schema encodes them. For workers and for tests. */
  readonly execute: (
    inputs: Values<I>,
    params: unknown
  ) => Effect.Effect<ValueOf<O>, StageFailure, StageServices>
}

export interface StageDefinition<I extends Inputs, P extends ParamsSchema, O extends AnyKind>
  extends StageOptions {
  readonly inputs: I
  readonly params: P
  readonly output: O
  /**
   * Computes the artifact. It must be a function of `inputs` and `params` alone: no clock, no randomness but seeded one,
   * no environment but the declared one.
   */
  run(
    inputs: Values<I>,
    params: P["Type"]
  ): Generator<Effect.Effect<unknown, StageFailure, StageServices>, ValueOf<O>, never>
}

/**
 * Defines a stage. Export it by name: a key covers the exported value's code and all that it reaches.
 *
 * @param name how people and keys call it, such as `train-model`; unique in a project
 */
const make = <const I extends Inputs, P extends ParamsSchema, O extends AnyKind>(
  name: string,
  definition: StageDefinition<I, P, O>
): Stage<I, P, O> => {
  const { inputs, params, output, run, ...options } = definition
  const codec = Schema.toCodecJson(params)
  const strict = { onExcessProperty: "error", errors: "all" } as const
  const encode = Schema.encodeUnknownSync(codec, strict)
  const meta: StageMeta = { name, inputs, output, params, encodeParams: (value) => encode(value), options }
  const wire = (wires: Wires<I>, value: P["Type"]): Output<O["name"]> => ({
    kind: output.name,
    node: { stage: meta, params: value, inputs: wires }
  })
  const execute = (values: Values<I>, encoded: unknown) =>
    Schema.decodeUnknownEffect(
      codec,
      strict
    )(encoded).pipe(
      Effect.orDie,
      Effect.flatMap((decoded) => Effect.gen(() => run(values, decoded)))
    )
  return Object.assign(wire, { meta, execute })
}

/** An input that takes any number of artifacts of a kind, in order. */
const list = <K extends AnyKind>(kind: K): ListOf<K> => ({ list: kind })

/** An input that takes artifacts of a kind by name. */
const record = <K extends AnyKind>(kind: K): RecordOf<K> => ({ record: kind })

export const Stage = { make, list, record }
