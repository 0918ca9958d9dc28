/** The HTTP server: reads requests, writes answers, and keeps no state of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Effect, Fiber, Schema } from "effect"
import { type Answer, headersOf, nothingAtAll, plain } from "./answer.ts"
import { readRequest, type Wanted } from "./request.ts"

/** The address cannot be listened on. */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  host: Schema.String,
  port: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `cannot listen on ${this.host}, port ${this.port}: ${this.reason}`
  }
  get hint() {
    return "take another port: `--port 0` lets the system choose one"
  }
}

export interface ServerOptions<R> {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** See {@link readRequest}. */
  readonly names: ReadonlySet<string>
  readonly answer: (wanted: Wanted) => Effect.Effect<Answer, never, R>
}

/** Listens until the scope closes. Answers with the port. */
export const listen = <R>({ host, port, names, answer }: ServerOptions<R>) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<R>()
    const respond = (request: IncomingMessage, response: ServerResponse): void => {
      const { method = "", url = "" } = request
      const wanted = readRequest({ method, host: request.headers.host, target: url }, names)
      const work =
        "status" in wanted
          ? Effect.sync(() => send(response, plain(wanted.status, wanted.reason), method))
          : Effect.flatMap(answer(wanted), (each) => deliver(response, each, method))
      const fiber = Effect.runForkWith(context)(
        Effect.catchCause(work, () => Effect.sync(() => send(response, plain(500, "internal error"), method)))
      )
      // Nobody listens any more.
      response.once("close", () => Effect.runFork(Fiber.interrupt(fiber)))
    }
    const server = createServer(respond)
    yield* Effect.acquireRelease(
      Effect.callback<void, CannotListen>((resume) => {
        server.once("error", (error) =>
          resume(Effect.fail(new CannotListen({ host, port, reason: error.message })))
        )
        server.listen(port, host, () => resume(Effect.void))
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : port
  })

const deliver = (response: ServerResponse, answer: Answer, method: string): Effect.Effect<void> => {
  if (answer._tag === "Text" || method === "HEAD") return Effect.sync(() => send(response, answer, method))
  return Effect.gen(function* () {
    response.writeHead(200, headersOf("text/event-stream", nothingAtAll))
    response.flushHeaders()
    yield* answer.events(() => response.write("data: \n\n"))
    response.end()
  })
}

const send = (response: ServerResponse, answer: Answer, method: string): void => {
  if (response.headersSent) {
    response.end()
    return
  }
  if (answer._tag === "Events") {
    response.writeHead(200, headersOf("text/event-stream", nothingAtAll)).end()
    return
  }
  const headers = headersOf(answer.type, answer.policy)
  response.writeHead(answer.status, answer.status === 405 ? { ...headers, allow: "GET, HEAD" } : headers)
  response.end(method === "HEAD" ? undefined : answer.body)
}
