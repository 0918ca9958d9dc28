/** A browser to look at pages with. */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { type Browser, chromium } from "playwright-core"

/** The Chromium or Chrome on the PATH, or the one that ADVPIPE_CHROMIUM names. */
export const chromiumPath: string | undefined = (() => {
  const named = process.env["ADVPIPE_CHROMIUM"]
  if (named !== undefined && named !== "") return named
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((directory) =>
      ["chromium", "chromium-browser", "google-chrome"].map((name) => join(directory, name))
    )
    .find(existsSync)
})()

/** For the name of a test that is skipped without a browser: what is missing, and the cure. */
export const withoutChromium =
  chromiumPath === undefined
    ? " (SKIPPED: no Chromium; install Debian's package `chromium`, or set ADVPIPE_CHROMIUM to one)"
    : ""

/** Starts the browser, without a window. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    // Its sandbox cannot start as root, and the pages here are our own.
    args: ["--no-sandbox", "--disable-gpu"]
  })
