/** A server that does what a test tells it to: answers, errors, silence, cut connections. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import { Effect } from "effect"

export interface Asked {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export type Behaviour = (asked: Asked, response: ServerResponse) => void

export const json =
  (value: unknown, status = 200, headers: { readonly [name: string]: string } = {}): Behaviour =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value))
  }

export const html =
  (text: string, status = 200): Behaviour =>
  (_, response) => {
    response
      .writeHead(status, { "content-type": "text/html" })
      .end(`<!doctype html><html><head><title>${text}</title></head></html>`)
  }

export const text =
  (value: string, status = 200, headers: { readonly [name: string]: string } = {}): Behaviour =>
  (_, response) => {
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(value)
  }

export const error = (status: number, error_code: string, message = "no"): Behaviour =>
  json({ error_code, message }, status)

/** The request was taken; the answer never comes. */
export const cut: Behaviour = (_, response) => {
  response.destroy()
}

export const silence: Behaviour = () => {}

export interface ScriptedServer {
  readonly address: string
  /** What was asked so far. */
  readonly asked: ReadonlyArray<Asked>
  /** The decoded body of the nth request. */
  body(nth: number): unknown
}

/**
 * @param behave what to do with the nth request, counted from 0; a list's last behaviour goes on for ever
 */
export const scriptedServer = (
  behave: ReadonlyArray<Behaviour> | ((asked: Asked, nth: number) => Behaviour)
) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<{ server: ReturnType<typeof createServer>; asked: Array<Asked> }>((resolve) => {
            const asked: Array<Asked> = []
            const server = createServer((request, response) => {
              const parts: Array<Buffer> = []
              request.on("data", (part: Buffer) => parts.push(part))
              request.on("end", () => {
                const { method = "", url = "", headers } = request
                const each = { method, path: url, headers, body: Buffer.concat(parts) }
                const nth = asked.push(each) - 1
                const behaviour =
                  typeof behave === "function" ? behave(each, nth) : (behave[nth] ?? behave.at(-1))
                behaviour?.(each, response)
              })
            })
            server.listen(0, "127.0.0.1", () => resolve({ server, asked }))
          })
      ),
      ({ server }) =>
        Effect.promise(() => {
          server.closeAllConnections()
          return new Promise((resolve) => server.close(resolve))
        })
    ),
    ({ server, asked }): ScriptedServer => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      return {
        address: `http://127.0.0.1:${port}`,
        asked,
        body: (nth) => JSON.parse(asked[nth]?.body.toString("utf8") ?? "null")
      }
    }
  )
