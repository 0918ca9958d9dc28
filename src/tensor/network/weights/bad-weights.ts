import { Schema } from "effect"

/** Weights that do not fit a network. */
export class BadWeights extends Schema.TaggedError<BadWeights>()("BadWeights", {
  network: Schema.String,
  /** `mismatch`: tensors of both sides are left over, and no two of them belong together. */
  problem: Schema.Literals([
    "missing",
    "extra",
    "misshapen",
    "mismatch",
    "ambiguous",
    "not-finite",
    "element-type"
  ]),
  reason: Schema.String,
  /** The network's tensors that it is about: `fc1.weight [1600, 128]`. */
  wanted: Schema.Array(Schema.String),
  /** The given tensors that it is about. */
  given: Schema.Array(Schema.String),
  hint: Schema.String
}) {
  override get message() {
    return [
      `weights for network \`${this.network}\`: ${this.reason}`,
      ...(this.wanted.length === 0 ? [] : [`the network wants ${this.wanted.join(", ")}`]),
      ...(this.given.length === 0 ? [] : [`given are ${this.given.join(", ")}`])
    ].join("; ")
  }
}
