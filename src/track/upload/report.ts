/** What an uploader tells of its work. It may be another process, so these are data. */
import { Schema } from "effect"

export const Report = Schema.TaggedUnion({
  /** The server answers, and the run has a page there. */
  Connected: { run: Schema.String, url: Schema.String },
  /** So much has gone out, and so many bytes of the journal are left, as far as is known. */
  Sent: { run: Schema.String, points: Schema.Int, bytesLeft: Schema.Int },
  /** It does not get on now, and tries again. */
  Waiting: { run: Schema.String, message: Schema.String, hint: Schema.optionalKey(Schema.String) },
  /** Something was changed, or refused for good; the rest goes on. */
  Warning: { run: Schema.String, message: Schema.String },
  /** It gave up: somebody has to do something, or to try again later. */
  Stopped: { run: Schema.String, message: Schema.String, hint: Schema.optionalKey(Schema.String) },
  /** Everything that the journal has is there. */
  Done: { run: Schema.String, url: Schema.optionalKey(Schema.String) }
})
export type Report = typeof Report.Type

const codec = Schema.fromJsonString(Schema.toCodecJson(Report))
export const encodeReport = Schema.encodeSync(codec)
export const decodeReport = Schema.decodeUnknownOption(codec)
