/** What is sent back, and the headers that keep it from doing anything. */
import type { Effect } from "effect"

export type Answer =
  | {
      readonly _tag: "Text"
      readonly status: number
      readonly type: "text/html" | "text/plain"
      readonly body: string
      /** The content security policy, beside the one that the page itself has. */
      readonly policy: string
    }
  /** Server-sent events: `tell` is called for each, until the effect ends or nobody listens any more. */
  | { readonly _tag: "Events"; readonly events: (tell: () => void) => Effect.Effect<void> }

/** Pages name their own style and script, and what they may ask for; only a header keeps them out of frames. */
const unframed = "frame-ancestors 'none'"

export const ownPage = (body: string, status = 200): Answer => ({
  _tag: "Text",
  status,
  type: "text/html",
  body,
  policy: unframed
})

/** A page that shows what stages made: it is of no origin, so not even a script in it could ask this server for anything. */
export const report = (body: string): Answer => ({
  _tag: "Text",
  status: 200,
  type: "text/html",
  body,
  policy: `${unframed}; sandbox allow-scripts allow-downloads`
})

export const plain = (status: number, body: string): Answer => ({
  _tag: "Text",
  status,
  type: "text/plain",
  body: `${body}\n`,
  policy: nothingAtAll
})

export const nothingAtAll = `default-src 'none'; ${unframed}`

/** Headers of every answer. Nothing is kept by browsers: the next look may find another store here. */
export const headersOf = (type: string, policy: string): Record<string, string> => ({
  "content-type": `${type}; charset=utf-8`,
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store"
})
