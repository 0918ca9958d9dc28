/** `pipeline look` in a browser: its pages load, follow a run, and can be used by everybody. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { Schema } from "effect"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { chromiumPath, openChromium, withoutChromium } from "../../rig/chromium.ts"
import { Command, cli } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

describe.skipIf(chromiumPath === undefined)(`pipeline look in a browser${withoutChromium}`, () => {
  const project = new TestProject({
    "stages/numbers.ts": stages,
    "pipelines/waits.ts": pipeline(
      "waits",
      `const long = slow({}, { seconds: params.seconds, value: 2, busy: false })
    return { first: number({}, { value: 1 }), long, last: scale({ of: long }, { by: 2 }) }`,
      { params: "seconds: Schema.Finite", presets: "demo: { seconds: 0.1 }" }
    )
  })
  let look: Command
  let address = ""
  let browser: Browser
  const problems: Array<string> = []
  const open = async (path: string, colorScheme: "light" | "dark" = "light"): Promise<Page> => {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1000, height: 700 } })
    page.on("console", (message) => problems.push(message.text()))
    page.on("pageerror", (error) => problems.push(error.message))
    await page.goto(new URL(path, address).href)
    return page
  }
  const violations = async (page: Page): Promise<unknown> => {
    await page.evaluate(axe)
    return page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))"
    )
  }

  beforeAll(async () => {
    expect((await cli(project, ["run", "waits"])).code).toBe(0)
    look = new Command(["look", "--port", "0", "--json"], project.root, {})
    const line = await new Promise<string>((resolve) => look.onLine(resolve))
    address = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ address: Schema.String })))(
      line
    ).address
    browser = await openChromium()
  })
  afterAll(async () => {
    await browser?.close()
    look?.signal("SIGINT")
    await look?.finished
    project.remove()
  })
  afterEach(() => expect(problems.splice(0)).toEqual([]))

  test("the pages have nothing that keeps anybody out", { timeout: 60_000 }, async () => {
    const run = project.runs()[0]
    for (const path of ["/", `/runs/${run}`, `/runs/${run}#node-1`, "/nothing"])
      for (const scheme of ["light", "dark"] as const) {
        // A page that is not there is a complaint of the browser's own.
        const page = await open(path, scheme)
        expect({ path, scheme, violations: await violations(page) }).toEqual({ path, scheme, violations: [] })
        await page.close()
      }
    expect(problems.splice(0)).toEqual(new Array(2).fill(expect.stringContaining("404")))
  })

  test("the list sifts, and compares two that are ticked", { timeout: 60_000 }, async () => {
    await cli(project, ["run", "waits", "--set", "seconds=0.2"])
    const page = await open("/")
    const rows = page.locator("#runs tr:visible")
    expect(await rows.count()).toBe(2)
    await page.fill("#filter", "no such run")
    expect(await rows.count()).toBe(0)
    await page.fill("#filter", "waits done")
    expect(await rows.count()).toBe(2)
    for (const box of await page.locator("#runs input").all()) await box.check()
    await page.click("text=Compare two")
    await page.waitForURL(/\/compare\?run=/)
    expect(await page.locator("#params").textContent()).toContain("seconds")
    await page.close()
  })

  test("a page follows the run that it shows, and the list sees it begin", { timeout: 60_000 }, async () => {
    const list = await open("/")
    const running = new Command(["run", "waits", "--set", "seconds=4", "--jobs", "1"], project.root, {})
    await list.locator("#runs .state-running").waitFor()
    await list.click("#runs tr:first-child a")
    const node = (name: string) => list.locator(".dag a", { hasText: name })
    await list.locator(".dag a.node.running").waitFor()
    expect(await node("first").getAttribute("class")).toBe("node cached")
    expect(await list.locator("#standing progress").count()).toBe(1)
    // A panel that is open stays open while what is in it changes.
    const id = await list.locator(".dag a.node.running").getAttribute("id")
    await list.locator(`#${id}`).click()
    const panel = list.locator(".panel:target")
    expect(await panel.textContent()).toContain("running")
    await list.locator(".panel:target .state-ran").waitFor()
    await list.locator("#standing .state-done").waitFor()
    expect(await list.locator(".dag a.node.running").count()).toBe(0)
    expect(await list.locator("main").getAttribute("data-live")).toBe("")
    expect((await running.finished).code).toBe(0)
    await list.close()
  })

  test("a report shows, of no origin", { timeout: 60_000 }, async () => {
    const page = await open(`/runs/${project.runs()[0]}/report`)
    expect(await page.locator("h1").textContent()).toContain("waits")
    expect(await page.evaluate("self.origin")).toBe("null")
    await page.close()
  })
})
