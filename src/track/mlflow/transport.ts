/** Calls of MLflow's REST interface: who asks, where, and what the answer means. */
import { Clock, Effect, Redacted, Result, Schema, type Scope } from "effect"
import { jsonLine } from "../../text/json.ts"
import { type HttpAnswer, type HttpRequest, makeExchange } from "./connection.ts"
import type { Credentials } from "./credentials.ts"
import type { MlflowError } from "./errors.ts"
import { type Asked, answerFailure, connectionFailure, strangeAnswer } from "./failure.ts"
import { type Failed, retried } from "./retry.ts"
import type { MlflowSettings } from "./settings.ts"

export interface Call {
  /** What is being done, as messages say it: `create a run`. */
  readonly action: string
  readonly method: HttpRequest["method"]
  /** After the server's address: `/api/2.0/mlflow/runs/create`. */
  readonly path: string
  /** Empty values are left out. */
  readonly query?: ReadonlyArray<readonly [name: string, value: string]>
  /**
   * Sent as JSON, in the order of its keys. The server takes a message of which it understood only the beginning: what it
   * cannot do without, such as `run_id`, goes last, so that it refuses such a message.
   */
  readonly json?: object
  readonly body?: HttpRequest["body"]
  readonly headers?: HttpRequest["headers"]
  /** Asks the model registry, which may be another server. */
  readonly registry?: boolean
  /** A whole address of another server, which is not told who asks. */
  readonly elsewhere?: URL
}

export interface Transport {
  readonly address: string
  /** One attempt; the answer's text is not looked at. */
  raw(call: Call): Effect.Effect<HttpAnswer, Failed>
  /** One attempt. */
  attempt<S extends Schema.ConstraintDecoder<unknown>>(
    call: Call,
    answer: S
  ): Effect.Effect<S["Type"], Failed>
  /** As often as it takes: for what may be done twice. */
  call<S extends Schema.ConstraintDecoder<unknown>>(
    call: Call,
    answer: S
  ): Effect.Effect<S["Type"], MlflowError>
  retry<A>(attempt: Effect.Effect<A, Failed>): Effect.Effect<A, MlflowError>
}

export const makeTransport = (settings: MlflowSettings): Effect.Effect<Transport, never, Scope.Scope> =>
  Effect.map(makeExchange(settings), (exchange) => {
    const { credentials, workspace } = settings
    const scrub = scrubber(credentials)
    const identity = {
      ...authorization(credentials),
      ...(workspace === undefined ? {} : { "x-mlflow-workspace": workspace })
    }
    const retry = retried(settings.retry)

    const asked = (call: Call, url: URL, now: number): Asked => ({
      server: call.elsewhere === undefined ? addressFor(settings, call) : url.origin,
      host: url.host,
      action: call.action,
      credentials: credentials._tag,
      scrub,
      now
    })

    const raw: Transport["raw"] = Effect.fnUntraced(function* (call) {
      const url = call.elsewhere ?? urlOf(addressFor(settings, call), call)
      const answer = yield* exchange({
        url,
        method: call.method,
        headers: {
          "user-agent": "advpipe",
          ...(call.json === undefined ? {} : { "content-type": "application/json" }),
          ...(call.elsewhere === undefined ? identity : {}),
          ...call.headers
        },
        ...bodyOf(call)
      }).pipe(Effect.mapError((failure) => connectionFailure(failure, asked(call, url, 0))))
      if (answer.status >= 200 && answer.status < 300) return answer
      return yield* Effect.fail(answerFailure(answer, asked(call, url, yield* Clock.currentTimeMillis)))
    })

    const attempt: Transport["attempt"] = (call, schema) => {
      const decode = Schema.decodeUnknownResult(Schema.fromJsonString(schema))
      return Effect.flatMap(raw(call), (answer) => {
        const decoded = decode(answer.text)
        if (Result.isSuccess(decoded)) return Effect.succeed(decoded.success)
        const url = call.elsewhere ?? urlOf(addressFor(settings, call), call)
        const problem = decoded.failure.message.split("\n")[0] ?? ""
        return Effect.fail(strangeAnswer(answer, asked(call, url, 0), problem))
      })
    }

    return {
      address: settings.address,
      raw,
      attempt,
      call: (call, schema) => retry(attempt(call, schema)),
      retry
    }
  })

const addressFor = ({ address, registryAddress }: MlflowSettings, { registry = false }: Call): string =>
  registry ? registryAddress : address

const urlOf = (address: string, { path, query = [] }: Call): URL => {
  const url = new URL(address + path)
  for (const [name, value] of query) if (value !== "") url.searchParams.append(name, value)
  return url
}

const bodyOf = ({ json, body }: Call): Pick<HttpRequest, "body"> => {
  if (json !== undefined) return { body: Buffer.from(jsonLine(json)) }
  return body === undefined ? {} : { body }
}

const basic = (username: string, password: string) =>
  Buffer.from(`${username}:${password}`).toString("base64")

const authorization = (credentials: Credentials): { readonly authorization?: string } => {
  switch (credentials._tag) {
    case "none":
      return {}
    case "password":
      return { authorization: `Basic ${basic(credentials.username, Redacted.value(credentials.password))}` }
    case "token":
      return { authorization: `Bearer ${Redacted.value(credentials.token)}` }
  }
}

const secretsOf = (credentials: Credentials): ReadonlyArray<string> => {
  switch (credentials._tag) {
    case "none":
      return []
    case "password": {
      const password = Redacted.value(credentials.password)
      return [basic(credentials.username, password), password]
    }
    case "token":
      return [Redacted.value(credentials.token)]
  }
}

/** A server may repeat in an error what it was sent. */
const scrubber = (credentials: Credentials) => {
  const secrets = secretsOf(credentials).filter((secret) => secret !== "")
  return (text: string): string =>
    secrets.reduce((clean, secret) => clean.replaceAll(secret, "<redacted>"), text)
}
