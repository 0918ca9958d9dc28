/** One exchange over HTTP: a request goes out, an answer comes back whole, within limits. The room's only door to the network. */
import { Readable } from "node:stream"
import { type Dispatcher, EnvHttpProxyAgent } from "@effect/platform-node/Undici"
import { Duration, Effect, Redacted, Schema, type Scope } from "effect"
import type { MlflowSettings } from "./settings.ts"

/** No answer, or not all of it. */
export class ConnectionFailed extends Schema.TaggedError<ConnectionFailed>()("ConnectionFailed", {
  reason: Schema.String,
  /** Whether the server may have got the request. */
  mayHaveArrived: Schema.Boolean,
  /** Whether it was the other side's certificate, which time does not cure. */
  untrusted: Schema.Boolean
}) {}

export interface HttpRequest {
  readonly url: URL
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  readonly headers: { readonly [name: string]: string }
  readonly body?: Uint8Array | { readonly size: number; readonly pieces: AsyncIterable<Uint8Array> }
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  readonly text: string
}

export type Exchange = (request: HttpRequest) => Effect.Effect<HttpAnswer, ConnectionFailed>

/** More than this of an answer is not taken. A page of 25,000 metric points has 3 MB. */
const maxAnswerBytes = 64 << 20

/** Opens connections as they are needed and keeps them for the next request; they close with the scope. */
export const makeExchange = ({
  tls,
  patience
}: Pick<MlflowSettings, "tls" | "patience">): Effect.Effect<Exchange, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const client = tls.client === undefined ? undefined : Redacted.value(tls.client)
        const secure = {
          rejectUnauthorized: !tls.insecure,
          ...(tls.authority === undefined ? {} : { ca: tls.authority }),
          ...(client === undefined ? {} : { cert: client, key: client })
        }
        // Honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as Python does. Undici's own clocks are off: `patience` rules.
        return new EnvHttpProxyAgent({
          noProxy: withoutProxy(process.env),
          connect: { ...secure, timeout: 0 },
          requestTls: secure,
          connections: 10,
          allowH2: false,
          headersTimeout: 0,
          bodyTimeout: 0
        })
      }),
      (agent) => Effect.promise(() => agent.destroy())
    ),
    (agent) => (request) => exchange(agent, request, patience)
  )

/** No proxy reaches this machine's own servers. */
const withoutProxy = ({ no_proxy, NO_PROXY }: NodeJS.ProcessEnv): string =>
  [no_proxy ?? NO_PROXY ?? "", "localhost", "127.0.0.1", "::1"].filter((host) => host !== "").join(",")

const exchange = (agent: Dispatcher, request: HttpRequest, patience: Duration.Duration) =>
  Effect.suspend(() => {
    // Counts pieces that went out or came in: a large file takes long, and that is no reason to give it up.
    const moved = { pieces: 0 }
    return Effect.raceFirst(send(agent, request, moved), stillness(moved, patience))
  })

/** Fails once nothing has moved for as long as `patience`. */
const stillness = Effect.fnUntraced(function* (
  moved: { readonly pieces: number },
  patience: Duration.Duration
) {
  for (let seen = -1; seen !== moved.pieces; ) {
    seen = moved.pieces
    yield* Effect.sleep(patience)
  }
  return yield* new ConnectionFailed({
    reason: `nothing came back for ${Duration.format(patience)}`,
    mayHaveArrived: true,
    untrusted: false
  })
})

const send = (agent: Dispatcher, request: HttpRequest, moved: { pieces: number }) =>
  Effect.tryPromise({
    try: async (signal): Promise<HttpAnswer> => {
      const { url, method, headers, body } = request
      const size = body === undefined ? undefined : "pieces" in body ? body.size : body.length
      const answer = await agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        // Never chunked: servers up to 3.15 store an empty file then, and say that all is well.
        headers: { ...headers, ...(size === undefined ? {} : { "content-length": String(size) }) },
        body: body === undefined ? null : "pieces" in body ? counted(body.pieces, moved) : body,
        signal
      })
      const parts: Array<Buffer> = []
      let bytes = 0
      for await (const part of answer.body) {
        const piece = Buffer.from(part)
        bytes += piece.length
        if (bytes > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`)
        parts.push(piece)
        moved.pieces++
      }
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: Buffer.concat(parts).toString("utf8")
      }
    },
    catch: (error) => {
      const { code, message } = deepest(error)
      return new ConnectionFailed({
        reason: message,
        mayHaveArrived: !neverArrived.test(code) && !untrustedCode.test(code),
        untrusted: untrustedCode.test(code)
      })
    }
  })

const counted = (pieces: AsyncIterable<Uint8Array>, moved: { pieces: number }): Readable =>
  Readable.from(
    (async function* () {
      for await (const piece of pieces) {
        moved.pieces++
        yield piece
      }
    })(),
    { objectMode: false }
  )

const neverArrived = /^(ECONNREFUSED|ENOTFOUND|EAI_.*|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/
/** OpenSSL's words for certificates, and EPROTO for a server that does not speak TLS at all. */
const untrustedCode = /CERT|^ERR_TLS|^ERR_SSL|^EPROTO$|^UNABLE_TO_|SELF_SIGNED/

/** The system's own words, below whatever was wrapped around them. */
const deepest = (error: unknown): { readonly code: string; readonly message: string } => {
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0])
  if (!(error instanceof Error)) return { code: "", message: String(error) }
  if (error.cause !== undefined) return deepest(error.cause)
  return { code: "code" in error ? String(error.code) : "", message: error.message }
}
