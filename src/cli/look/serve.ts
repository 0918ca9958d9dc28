/** The logic of `pipeline look`: the server, for as long as the command runs. */
import { hostname } from "node:os"
import { Effect, Fiber } from "effect"
import { jsonLine } from "../../text/json.ts"
import { openInBrowser } from "../open-in-browser.ts"
import { printNote, printResult } from "../output.ts"
import { listen } from "./server.ts"
import { Site } from "./site.ts"

export interface LookOptions {
  /** The store's directory, for people. */
  readonly store: string
  /** 0 lets the system choose. */
  readonly port: number
  /** The address or name to listen on. */
  readonly host: string
  /** Whether a browser is asked to show it. */
  readonly open: boolean
  readonly json: boolean
}

/** Names that stand for this machine alone. */
const local = ["127.0.0.1", "localhost", "::1"]

/** Serves the store's runs until it is interrupted. */
export const serveLook = Effect.fn("serveLook")(function* ({ store, port, host, open, json }: LookOptions) {
  const site = new Site(store)
  const warmUp = yield* Effect.forkScoped(Effect.ignore(site.warmUp))
  const isLocal = local.includes(host)
  const names = new Set(["localhost", ...(isLocal ? [] : [host.toLowerCase(), hostname().toLowerCase()])])
  const listening = yield* listen({ host, port, names, answer: (wanted) => site.answer(wanted) })
  // Who opens the address at once finds a list that is ready, unless the disk is slow.
  yield* Effect.timeoutOption(Fiber.await(warmUp), "250 millis")
  const address = `http://${host.includes(":") ? `[${host}]` : host}:${listening}/`
  // One line, since a program reads it while this goes on.
  yield* printResult(`${json ? jsonLine({ address, store, pid: process.pid }) : address}\n`)
  if (!json) {
    yield* isLocal
      ? Effect.void
      : printNote(`warning: whoever reaches ${host} can read every run, param and log of ${store}\n`)
    yield* printNote("Ctrl-C stops it\n")
  }
  if (open) yield* Effect.forkScoped(openInBrowser(address))
  return yield* Effect.never
}, Effect.scoped)
