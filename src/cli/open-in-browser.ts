/** Shows a page or an address in the browser of whoever sits here. */
import { spawn } from "node:child_process"
import { Effect } from "effect"
import { printNote } from "./output.ts"

/** The program that opens addresses. */
const opener = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open"

/** Who has not failed after so many milliseconds has a browser to show: it may stay as long as that. */
const patience = 1000

/** A machine without a browser still has the address on the screen. The browser outlives this program. */
export const openInBrowser = (address: string) =>
  Effect.callback<boolean>((resume) => {
    const child = spawn(opener, [address], { stdio: "ignore", detached: true })
    const timer = setTimeout(() => resume(Effect.succeed(true)), patience)
    const settle = (isOpen: boolean) => {
      clearTimeout(timer)
      resume(Effect.succeed(isOpen))
    }
    child.once("error", () => settle(false))
    child.once("exit", (code) => settle(code === 0))
    child.unref()
  }).pipe(
    Effect.flatMap((isOpen) =>
      isOpen ? Effect.void : printNote(`no browser could be opened: open ${address} yourself\n`)
    )
  )
