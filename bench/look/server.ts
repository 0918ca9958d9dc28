/** `pipeline look` as a process, and a page with next to nothing on it to compare with. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { join } from "node:path"
import { environment } from "../rig/command.ts"

const program = join(import.meta.dirname, "..", "..", "bin", "pipeline")

export interface Served {
  readonly address: string
  /** From the start of the process until its address was told, in milliseconds. */
  readonly start: number
  end(): Promise<void>
}

export const startLook = async (store: string): Promise<Served> => {
  const begun = performance.now()
  const child = spawn(program, ["look", "--port", "0", "--json", "--store", store], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const over = once(child, "exit")
  const line = await Promise.race([once(child.stdout, "data"), over.then(() => undefined)])
  if (line === undefined) throw new Error("`pipeline look` ended before it told its address")
  const start = performance.now() - begun
  const { address }: { readonly address: string } = JSON.parse(String(line))
  const end = async (): Promise<void> => {
    child.kill("SIGINT")
    await over
  }
  return { address, start, end }
}

/** Answers everything with one line of text. */
export const startEmpty = async (): Promise<Served> => {
  const begun = performance.now()
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html", "cache-control": "no-store" })
    response.end("<!doctype html><title>empty</title><p>Nothing.")
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const at = server.address()
  if (at === null || typeof at === "string") throw new Error("the server has no port")
  const end = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
  }
  return { address: `http://127.0.0.1:${at.port}/`, start: performance.now() - begun, end }
}
