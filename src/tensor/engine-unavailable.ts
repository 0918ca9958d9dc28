import { Schema } from "effect"
import { EngineName } from "./engine.ts"

/** An engine that cannot be had on this machine. */
export class EngineUnavailable extends Schema.TaggedError<EngineUnavailable>()("EngineUnavailable", {
  engine: EngineName,
  /** What is missing, or what went wrong while it was started. */
  reason: Schema.String,
  /** How to get it. */
  hint: Schema.String
}) {
  override get message() {
    return `engine ${this.engine} cannot be had here: ${this.reason}`
  }
}
