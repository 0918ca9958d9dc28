import { Schema } from "effect"

/** The document cannot be written, or notes not read. */
export class DocumentFailed extends Schema.TaggedError<DocumentFailed>()("DocumentFailed", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.reason}`
  }
}
