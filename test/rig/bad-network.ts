/** A proxy before a server, which does to requests what networks and overloaded servers do. */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse
} from "node:http"

/** What happens to a request: an answer of its own, a cut before or after the server did its work, or a delay. */
export type Mishap =
  | {
      readonly status: number
      readonly headers?: { readonly [name: string]: string }
      readonly body?: string
    }
  | "cut before"
  | "cut after"
  | { readonly waitMillis: number }

export interface Passing {
  /** From 0 on. */
  readonly number: number
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
}

export class BadNetwork {
  readonly #server: Server
  readonly #target: () => string
  /** Asked for every request. */
  mishap: (request: Passing) => Mishap | undefined = () => undefined
  requests = 0

  private constructor(target: () => string) {
    this.#target = target
    this.#server = createServer((request, response) => this.#take(request, response))
  }

  /** @param target the server's address, asked for every request */
  static async start(target: () => string): Promise<BadNetwork> {
    const proxy = new BadNetwork(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  get address(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { method = "GET", url = "/", headers } = request
    const mishap = this.mishap({
      number: this.requests++,
      method,
      path: url,
      authorization: headers.authorization
    })
    if (mishap === "cut before") {
      request.socket.destroy()
      return
    }
    if (typeof mishap === "object" && "status" in mishap) {
      request.resume()
      response.writeHead(mishap.status, mishap.headers).end(mishap.body ?? "out of order")
      return
    }
    const wait = typeof mishap === "object" ? mishap.waitMillis : 0
    setTimeout(() => this.#forward(request, response, mishap === "cut after"), wait)
  }

  #forward(request: IncomingMessage, response: ServerResponse, cut: boolean): void {
    const target = new URL(request.url ?? "/", this.#target())
    const headers = { ...request.headers, host: target.host }
    const onward = httpRequest(target, { method: request.method, headers }, (answer) => {
      if (cut) {
        answer.resume()
        request.socket.destroy()
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on("error", () => response.destroy())
    request.pipe(onward)
  }
}
