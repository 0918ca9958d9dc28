import { Schema } from "effect"

/** Something about the nodes that `build` returned. */
export class BadWiring extends Schema.TaggedError<BadWiring>()("BadWiring", {
  pipeline: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.pipeline}: ${this.reason}`
  }
}
