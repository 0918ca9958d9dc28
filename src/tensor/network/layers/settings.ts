/** Settings that several layers have in common, and how their defaults are written. */
import { Effect, Schema } from "effect"
import { Initialiser } from "../initialiser.ts"

export const Size = Schema.Int.check(Schema.isGreaterThan(0))

/** Height and width. */
export const Pair = Schema.Tuple([Size, Size])

/** A layer's name; its tensors are called `<name>.weight` and so on. Dots are allowed, as PyTorch writes them. */
export const LayerName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z_][\w.-]*$/, {
    expected: "a name of letters, digits, `_`, `.` and `-` that begins with a letter"
  })
)

/** Fields that every layer has. Without a name it gets one by its order: `conv1`, `conv2`, `fc1`. */
export const named = { name: Schema.optionalKey(LayerName) }

/** A yes-or-no setting that is on unless it is switched off. */
export const OnByDefault = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true)))

/** Fields of every layer that has a weight. */
export const weighted = {
  /** Whether a bias is added. By default it is. */
  useBias: OnByDefault,
  /** How the weight and the bias begin; by default the weight as Glorot & Bengio, the bias at zero, as in Keras. */
  init: Initialiser.pipe(Schema.withDecodingDefaultKey(Effect.succeed("glorot-uniform")))
}
