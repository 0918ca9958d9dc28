/** Networks that others have published results for, by name. */
import type { TypedDescription } from "../network.ts"
import { courseCnn } from "./course-cnn.ts"
import { evenDeeperCnn } from "./even-deeper-cnn.ts"
import { kerasCnn } from "./keras-cnn.ts"
import { mlp625, mlp625Dropout } from "./mlp-625.ts"
import { noPoolCnn } from "./no-pool-cnn.ts"

export type KnownNetwork =
  | "keras-cnn"
  | "course-cnn"
  | "even-deeper-cnn"
  | "no-pool-cnn"
  | "mlp-625"
  | "mlp-625-dropout"

export const knownNetworks: { readonly [name in KnownNetwork]: TypedDescription } = {
  "keras-cnn": kerasCnn,
  "course-cnn": courseCnn,
  "even-deeper-cnn": evenDeeperCnn,
  "no-pool-cnn": noPoolCnn,
  "mlp-625": mlp625,
  "mlp-625-dropout": mlp625Dropout
}
