/**
 * `look`: how long does the list of runs take to show, with 1,000 of them in the store?
 *
 * Two real runs of `mnist-advtrain` with generated digits, one that computed everything and one that found it, are copied under
 * other identifiers and times. Told is the first contentful paint in a Chromium without a window: of the very first page that a new
 * `pipeline look` is asked for, in a new tab; of the pages after it; and, in turns with them, of a page with one line of text, which is
 * the browser's part.
 */
import type { Browser } from "playwright-core"
import { chromiumPath, openChromium } from "../test/rig/chromium.ts"
import { paintsOf } from "./look/paint.ts"
import { startEmpty, startLook } from "./look/server.ts"
import { copyRuns } from "./look/store.ts"
import type { Bench } from "./rig/bench.ts"
import { pipeline } from "./rig/ours.ts"
import type { Report } from "./rig/report.ts"
import { discard, scratch } from "./rig/scratch.ts"
import { spreadOf } from "./rig/spread.ts"

const runs = 1000
const defaultRounds = 9
const pagesAfter = 4
const limit = 300
const missing = "no Chromium: install Debian's package `chromium`, or set ADVPIPE_CHROMIUM to one"

export const look: Bench = {
  name: "look",
  run: async (report, { rounds = defaultRounds }) => {
    report.heading(`look: the list of runs, ${runs} in the store`)
    if (chromiumPath === undefined) return report.skip("look", missing)
    const [originals, store] = [scratch("look"), scratch("look")]
    const run = ["run", "mnist-advtrain", "--preset", "demo", "--store", originals]
    for (let time = 0; time < 2; time++) pipeline(import.meta.dirname, run)
    const bytes = copyRuns(originals, store, runs, Date.now())
    const browser = await openChromium()
    try {
      report.note(`Chromium ${browser.version()}; journals of ${Math.round(bytes / 1e6)} MB`)
      await measure(report, browser, store, rounds)
    } finally {
      await browser.close()
      discard(originals)
      discard(store)
    }
  }
}

const measure = async (report: Report, browser: Browser, store: string, rounds: number) => {
  const starts: Array<number> = []
  const blank: Array<number> = []
  const first: Array<number> = []
  const later: Array<number> = []
  // One more than are counted: the browser's own first pages are slow, whatever is on them.
  for (let round = 0; round <= rounds; round++) {
    const empty = await startEmpty()
    const nothing = await paintsOf(browser, empty, 1)
    const served = await startLook(store)
    const paints = await paintsOf(browser, served, 1 + pagesAfter)
    if (round === 0) continue
    starts.push(served.start)
    blank.push(...nothing)
    first.push(...paints.slice(0, 1))
    later.push(...paints.slice(1))
  }
  report.row("until the address is told", spreadOf(starts), "ms")
  report.row("a page with one line, new tab", spreadOf(blank), "ms")
  report.row("the first page, new tab", spreadOf(first), "ms")
  report.row("later pages", spreadOf(later), "ms")
  for (const [what, paints] of Object.entries({ "the first page": first, "later pages": later }))
    report.target({ what, measured: spreadOf(paints).median, limit, better: "less", unit: " ms" })
}
