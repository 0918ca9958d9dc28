import { Schema } from "effect"

/** A network's description that is no network. */
export class BadNetwork extends Schema.TaggedError<BadNetwork>()("BadNetwork", {
  network: Schema.String,
  /** Which layer: `layer 3 (dense \`fc1\`)`. The input is layer 1. Empty where it is about the whole network. */
  layer: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    const place = this.layer === "" ? "" : `${this.layer}: `
    return `network \`${this.network}\`: ${place}${this.reason}`
  }
}
