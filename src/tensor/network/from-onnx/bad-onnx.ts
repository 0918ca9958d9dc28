import { Schema } from "effect"

/** An ONNX file that cannot be read, or whose graph is no network of ours. */
export class BadOnnx extends Schema.TaggedError<BadOnnx>()("BadOnnx", {
  /** The node, or the tensor, that it is about: `node \`/fc/Gemm\` (Gemm)`. Empty where it is about the whole file. */
  place: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return ["ONNX model", ...(this.place === "" ? [] : [this.place]), this.reason].join(": ")
  }
}
