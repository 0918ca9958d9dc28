/** Reports in a browser, from the disk: they need nothing else, run nothing that is not theirs, and can be used by everybody. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect } from "effect"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { renderReport } from "../../src/report/index.ts"
import { chromiumPath, openChromium, withoutChromium } from "../rig/chromium.ts"
import { type Told, tell } from "../rig/told-run.ts"
import { hostileRun, inStore, whole } from "./told-runs.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
const long = { timeout: 120_000 }

describe.skipIf(chromiumPath === undefined)(`a report in a browser${withoutChromium}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "reports-"))
  let browser: Browser
  let files: ReadonlyArray<string> = []
  const complaints: Array<string> = []
  const requests: Array<string> = []

  const open = async (name: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options })
    page.on("console", (message) => complaints.push(message.text()))
    page.on("pageerror", ({ message }) => complaints.push(message))
    page.on("dialog", (dialog) => complaints.push(dialog.message()))
    page.on("request", (request) => requests.push(request.url()))
    await page.goto(pathToFileURL(join(directory, name)).href)
    return page
  }

  beforeAll(async () => {
    const run = await Effect.runPromise(
      inStore((layout) =>
        Effect.gen(function* () {
          const told: Told = yield* whole
          tell(layout, told)
          tell(layout, {
            ...told,
            id: "20260921-130000000-bbbb",
            params: { attack: { epsilon: 0.1, seed: 7 } }
          })
          tell(layout, yield* hostileRun)
          return {
            "run.html": yield* renderReport([told.id]),
            "two.html": yield* renderReport([told.id, "20260921-130000000-bbbb"]),
            "enemy.html": yield* renderReport(["enemy"])
          }
        })
      ).pipe(Effect.scoped)
    )
    files = Object.keys(run)
    for (const [name, text] of Object.entries(run)) writeFileSync(join(directory, name), text)
    browser = await openChromium()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(directory, { recursive: true })
  })
  afterEach(() => {
    expect(complaints.splice(0)).toEqual([])
    // What is in the page is not fetched from anywhere.
    expect(requests.splice(0).filter((address) => !/^(file|data):/.test(address))).toEqual([])
  })

  test("can be read by everybody, in both themes and folded out", long, async () => {
    for (const name of files)
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await open(name, { colorScheme })
        await page.evaluate(
          "for (const each of document.querySelectorAll('details')) each.open = true; location.hash = 'node-0'"
        )
        await page.evaluate(axe)
        const violations = await page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))"
        )
        expect({ name, colorScheme, violations }).toEqual({ name, colorScheme, violations: [] })
        await page.close()
      }
  })

  test("fits a telephone: what is wide scrolls by itself", long, async () => {
    for (const name of files) {
      const page = await open(name, { viewport: { width: 360, height: 700 } })
      expect({ name, width: await page.evaluate("document.documentElement.scrollWidth") }).toEqual({
        name,
        width: 360
      })
      await page.close()
    }
  })

  test("runs nothing of what its data say", long, async () => {
    const page = await open("enemy.html")
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    for (const link of await page.locator(".dag a").all()) {
      await link.dispatchEvent("mouseover")
      await link.dispatchEvent("click")
    }
    expect(await page.evaluate("window.stolen")).toBeUndefined()
    expect(await page.locator("script").count()).toBe(1)
    // Had a script got into the page, the browser would refuse it.
    await page.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), { textContent: 'stolen = 2' }))"
    )
    expect(await page.evaluate("window.stolen")).toBeUndefined()
    expect(complaints.splice(0)).toEqual([expect.stringContaining("Content Security Policy")])
    await page.close()
  })

  test("opens a node's panel, by mouse and by keys, and closes it", long, async () => {
    const page = await open("run.html")
    expect(await page.locator(".panel:visible").count()).toBe(0)
    await page.click("#dag-0")
    const panel = page.locator(".panel:visible")
    await panel.waitFor()
    expect(await panel.getAttribute("id")).toBe("node-0")
    const text = await panel.textContent()
    for (const word of ["train", "key", "digest", "training_loss", "Model"]) expect(text).toContain(word)
    await page.keyboard.press("Escape")
    await panel.waitFor({ state: "hidden" })
    // Back to where one was.
    await expect.poll(() => page.evaluate("document.activeElement.id"), { timeout: 10_000 }).toBe("dag-0")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator("#node-1:visible").waitFor()
    await page.click(".panel:visible .close")
    await panel.waitFor({ state: "hidden" })
    await page.close()
  })

  test(
    "changes its theme, figures included, and prints in the light one without what cannot be clicked",
    long,
    async () => {
      const page = await open("run.html", { colorScheme: "light" })
      const colours = () =>
        page.evaluate(
          "[document.body, document.querySelector('figure svg text')].map((each) => getComputedStyle(each)).map((style, i) => i === 0 ? style.backgroundColor : style.fill)"
        )
      const light = await colours()
      await page.click("[data-toggle-theme]")
      const dark = await colours()
      expect(dark).not.toEqual(light)
      await page.click("[data-toggle-theme]")
      expect(await colours()).toEqual(light)
      await page.click("[data-toggle-theme]")
      await page.emulateMedia({ media: "print" })
      expect(await colours()).toEqual(light)
      expect(await page.locator("nav.top").isVisible()).toBe(false)
      expect((await page.pdf()).subarray(0, 5).toString()).toBe("%PDF-")
      await page.close()
    }
  )
})
