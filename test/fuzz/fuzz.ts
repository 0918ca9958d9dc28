/**
 * What every reader of foreign input is held to: a result or a typed error, in bounded memory, and nothing else changed.
 *
 * `FUZZ_RUNS` sets how many inputs each reader gets; by default it is a part of what the figures in docs/reliability.md were
 * made with. A failure prints its seed and the input; the input is then kept under `examples`.
 */
import { assert } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import fc from "fast-check"
import { Meter } from "./meter.ts"

/** How many inputs to try. */
export const runsOf = (byDefault: number): number => Number(process.env["FUZZ_RUNS"] ?? byDefault)

/** Of a test, in milliseconds: all inputs take some minutes. */
export const timeout = 3_600_000

export interface Fuzzed<Input> {
  readonly inputs: fc.Arbitrary<Input>
  /** Reads an input. A failure has to be tagged; a defect is a mistake of ours. */
  readonly read: (input: Input) => Effect.Effect<unknown, { readonly _tag: string; readonly message: string }>
  /** Inputs that once went wrong. */
  readonly examples?: ReadonlyArray<Input>
  /** How many bytes reading may ask for at most. */
  readonly bound: (input: Input) => number
  /** In the normal suite. */
  readonly runs?: number
}

export interface Tried {
  readonly inputs: number
  readonly taken: number
  readonly refused: { readonly [tag: string]: number }
  readonly mostRequested: number
}

/** Tries the inputs; succeeds with what came of them, so that a test can see that they were of both kinds. */
export const fuzz = async <Input>({
  inputs,
  read,
  examples = [],
  bound,
  runs = 1000
}: Fuzzed<Input>): Promise<Tried> => {
  const before = prototypes()
  let taken = 0
  let tried = 0
  let mostRequested = 0
  const refused: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const meter = new Meter()
      meter.start()
      const exit = await Effect.runPromise(Effect.exit(Effect.suspend(() => read(input)))).finally(() =>
        meter.stop()
      )
      tried++
      if (Exit.isSuccess(exit)) taken++
      else {
        for (const reason of exit.cause.reasons) {
          assert.isTrue(Cause.isFailReason(reason), `no typed error: ${Cause.pretty(exit.cause)}`)
          if (!Cause.isFailReason(reason)) continue
          const { _tag, message } = reason.error
          assert.isAbove(message.length, 0, `${_tag} says nothing`)
          refused[_tag] = (refused[_tag] ?? 0) + 1
        }
      }
      mostRequested = Math.max(mostRequested, meter.requested)
      assert.isAtMost(meter.requested, bound(input), "bytes of memory asked for")
      assert.strictEqual(prototypes(), before, "nothing inherited has changed")
    }),
    { numRuns: runsOf(runs), examples: examples.map((input): [Input] => [input]) }
  )
  const result = { inputs: tried, taken, refused, mostRequested }
  if (process.env["FUZZ_RUNS"] !== undefined) process.stderr.write(`${JSON.stringify(result)}\n`)
  return result
}

const inherited = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Uint8Array.prototype
]
const prototypes = (): string =>
  inherited.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join("\n")
