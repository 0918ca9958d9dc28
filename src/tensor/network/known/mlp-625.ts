/**
 * One hidden layer of 625, without biases: 496,250 weights.
 *
 * The network of Limaye, Tirupari & Rangan (study 4), as far as they describe it, and of `3_net.py` in
 * https://github.com/Newmu/Theano-Tutorials, which they cite; weights begin normal with deviation 0.01 there. Its
 * `4_modern_net.py` drops 0.2 of the inputs and 0.5 of the hidden units.
 */
import type { TypedDescription } from "../network.ts"

/** The shares that are dropped while training. */
export interface Mlp625Options {
  readonly inputDropout: number
  readonly hiddenDropout: number
}

const weights = { useBias: false, init: { normal: 0.01 } } as const

/** The network with any dropout; a rate of zero is no layer. */
export const mlp625With = (
  name: string,
  { inputDropout, hiddenDropout }: Mlp625Options
): TypedDescription => ({
  name,
  layers: [
    { type: "input", shape: [28, 28, 1] },
    { type: "flatten" },
    ...dropout(inputDropout),
    { type: "dense", units: 625, ...weights },
    { type: "relu" },
    ...dropout(hiddenDropout),
    { type: "dense", units: 10, ...weights }
  ]
})

const dropout = (rate: number) => (rate === 0 ? [] : [{ type: "dropout", rate } as const])

/** Without dropout. */
export const mlp625 = /* @__PURE__ */ mlp625With("mlp-625", { inputDropout: 0, hiddenDropout: 0 })

/** With the dropout of the tutorial. */
export const mlp625Dropout = /* @__PURE__ */ mlp625With("mlp-625-dropout", {
  inputDropout: 0.2,
  hiddenDropout: 0.5
})
