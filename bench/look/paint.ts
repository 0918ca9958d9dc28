/** When a page shows something, by the browser's own account. */
import type { Browser } from "playwright-core"
import type { Served } from "./server.ts"

const firstPaint = `new Promise((resolve) =>
  new PerformanceObserver((list) => {
    const [paint] = list.getEntriesByName("first-contentful-paint")
    if (paint !== undefined) resolve(paint.startTime)
  }).observe({ type: "paint", buffered: true })
)`

/** Asks a new server for its page, in a new tab, several times. First contentful paints, in milliseconds. Ends the server. */
export const paintsOf = async (
  browser: Browser,
  server: Served,
  times: number
): Promise<ReadonlyArray<number>> => {
  try {
    const page = await browser.newPage()
    const paints: Array<number> = []
    for (let time = 0; time < times; time++) {
      await page.goto(server.address, { waitUntil: "commit" })
      paints.push(Number(await page.evaluate(firstPaint)))
    }
    await page.close()
    return paints
  } finally {
    await server.end()
  }
}
