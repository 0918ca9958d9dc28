/** Fetches one file over HTTP, within limits. Loaded only when something has to be fetched. */
import { Dispatcher, layerUndiciNoDispatcher } from "@effect/platform-node/NodeHttpClient"
import { EnvHttpProxyAgent } from "@effect/platform-node/Undici"
import { type Duration, Effect, Layer, Schedule, Schema, Stream } from "effect"
import { HttpClient, type HttpClientError, type HttpClientResponse } from "effect/http"

/** A download that did not end well; `reason` is a phrase such as `HTTP 404`. */
export class DownloadFailed extends Schema.TaggedError<DownloadFailed>()("DownloadFailed", {
  url: Schema.String,
  reason: Schema.String,
  /** Whether the same request may succeed in a moment. */
  transient: Schema.Boolean
}) {
  override get message() {
    return `${this.url}: ${this.reason}`
  }
}

export interface NetworkLimits {
  /** How long a server may take to answer. */
  readonly answerWithin: Duration.Input
  /** How long it may fall silent while it sends. */
  readonly silentFor: Duration.Input
  /** How often a transient failure is tried again, and how long after the first one; the time doubles. */
  readonly retries: number
  readonly retryAfter: Duration.Input
}

export interface DownloadRequest {
  readonly url: string
  /** More bytes than this are not taken. */
  readonly maxBytes: number
  readonly limits: NetworkLimits
  /** `total` is 0 where the server does not say how much there is. */
  readonly onProgress: (done: number, total: number) => void
}

/** Downloads a file into memory. */
export const download = (request: DownloadRequest): Effect.Effect<Uint8Array, DownloadFailed> =>
  attempt(request).pipe(
    Effect.retry({
      schedule: Schedule.exponential(request.limits.retryAfter),
      times: request.limits.retries,
      while: (error) => error.transient
    }),
    Effect.provide(client)
  )

// Honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and connects directly where there are none.
const proxies = Layer.effect(
  Dispatcher,
  Effect.acquireRelease(
    Effect.sync(() => new EnvHttpProxyAgent()),
    (agent) => Effect.promise(() => agent.destroy())
  )
)
const client = Layer.provide(layerUndiciNoDispatcher, proxies)

const attempt = Effect.fnUntraced(function* (request: DownloadRequest) {
  const response = yield* answer(request)
  const total = Number(response.headers["content-length"] ?? 0)
  if (total > request.maxBytes) return yield* tooLarge(request, total)
  const parts: Array<Uint8Array> = []
  let done = 0
  yield* response.stream.pipe(
    Stream.mapError((error) => networkFailure(request, error)),
    Stream.timeoutOrElse({
      duration: request.limits.silentFor,
      orElse: () => Stream.fail(failure(request, `fell silent after ${done} bytes`, true))
    }),
    Stream.runForEach((part) => {
      done += part.length
      parts.push(part)
      request.onProgress(done, total)
      return done > request.maxBytes ? tooLarge(request, done) : Effect.void
    })
  )
  return Buffer.concat(parts, done)
})

const answer = Effect.fnUntraced(function* (
  request: DownloadRequest
): Effect.fn.Return<HttpClientResponse.HttpClientResponse, DownloadFailed, HttpClient.HttpClient> {
  const http = HttpClient.followRedirects(yield* HttpClient.HttpClient, 3)
  const response = yield* http.get(request.url).pipe(
    Effect.mapError((error) => networkFailure(request, error)),
    Effect.timeoutOrElse({
      duration: request.limits.answerWithin,
      orElse: () => failure(request, "no answer in time", true)
    })
  )
  const { status } = response
  if (status >= 200 && status < 300) return response
  return yield* failure(request, `HTTP ${status}`, status >= 500 || status === 429 || status === 408)
})

const failure = ({ url }: DownloadRequest, reason: string, transient: boolean) =>
  new DownloadFailed({ url, reason, transient })

const tooLarge = (request: DownloadRequest, bytes: number) =>
  failure(request, `sends ${bytes} bytes or more where at most ${request.maxBytes} were expected`, false)

const networkFailure = (request: DownloadRequest, error: HttpClientError.HttpClientError) =>
  failure(request, `network error: ${deepestReason(error.reason.cause ?? error)}`, true)

/** The system's own words, below whatever the client wrapped around them. */
const deepestReason = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return deepestReason(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : deepestReason(error.cause)
}
