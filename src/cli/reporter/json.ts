/** `--json`: every event as one line, decodable with `Schema.toCodecJson(Event)`. */
import { jsonLine } from "../../text/json.ts"
import { Batch } from "./batch.ts"
import type { Reporter, Sink, Timing } from "./reporter.ts"

export const jsonReporter = (sink: Sink, timing: Timing): Reporter => {
  const batch = new Batch(sink, timing)
  let closed = false
  return {
    event(event) {
      if (!closed) batch.line(jsonLine(event))
    },
    note() {},
    close() {
      closed = true
      batch.flush()
    }
  }
}
