/** Shows a page or an address in the browser of whoever sits here. */
import { Effect } from "effect"
import { ChildProcess } from "effect/process"
import { printNote } from "./output.ts"

/** The program that opens addresses. */
const opener = { darwin: "open", win32: "explorer" } as const

/** A machine without a browser still has the address on the screen. */
export const openInBrowser = (address: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const program =
        process.platform === "darwin" || process.platform === "win32" ? opener[process.platform] : "xdg-open"
      const child = yield* ChildProcess.make(program, [address], {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "ignore"
      })
      yield* child.exitCode
    })
  ).pipe(Effect.catch(() => printNote(`no browser could be opened: open ${address} yourself\n`)))
