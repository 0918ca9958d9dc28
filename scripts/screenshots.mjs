/**
 * Makes the pictures of the documentation, in docs/images:
 *
 *   node scripts/screenshots.mjs [--store DIRECTORY --run RUN] [PICTURE …]
 *
 * Without a store the demo of the main experiment is run in an empty one. Chromium is found as for the tests; the picture of the
 * terminal needs tmux.
 */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { decode, encode } from "fast-png"
import { openChromium } from "../test/rig/chromium.ts"

const root = join(import.meta.dirname, "..")
const images = join(root, "docs/images")
/** What a page that is read on the way may weigh. */
const mostBytes = 200_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { store: { type: "string" }, run: { type: "string", default: "last" } }
})
const scratch = mkdtempSync(join(tmpdir(), "screenshots-"))
const store = values.store ?? join(scratch, "store")
const pipeline = (...args) =>
  execFileSync(join(root, "bin/pipeline"), [...args, "--store", store], { encoding: "utf8" })

/** One for each file in docs/images; each gives a PNG. */
const pictures = {
  "report-light": ({ report }) => report({ height: 1120 }),
  "report-dark": ({ report }) => report({ colorScheme: "dark", at: "#figures figure:nth-of-type(3)" }),
  "report-narrow": ({ report }) => report({ width: 360, height: 740, deviceScaleFactor: 2 }),
  look: ({ look }) => look({ height: 700 }),
  terminal: ({ terminal }) => terminal(),
  "report-node": ({ report }) => report({ at: "#graph", click: ".dag a:has-text('pgd-on-the-fly')" })
}

/** A page as a picture of `width` x `height`, from the element `at` on, after a click. */
const photograph = async (
  browser,
  address,
  { width = 1200, height = 900, deviceScaleFactor = 1, colorScheme = "light", at, click }
) => {
  const context = await browser.newContext({ colorScheme, deviceScaleFactor, viewport: { width, height } })
  const page = await context.newPage()
  await page.goto(address)
  if (at !== undefined) await page.locator(at).evaluate((element) => element.scrollIntoView())
  if (click !== undefined) await page.click(click)
  const png = await page.screenshot()
  await context.close()
  return png
}

/** The run in `pipeline look`. */
const photographLook = async (browser, options) => {
  const server = spawn(join(root, "bin/pipeline"), ["look", "--port", "0", "--json", "--store", store], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  try {
    const [line] = await once(server.stdout, "data")
    const { address } = JSON.parse(String(line))
    const { id } = JSON.parse(pipeline("show", values.run, "--json"))
    return await photograph(browser, new URL(`/runs/${id}`, address).href, options)
  } finally {
    server.kill("SIGINT")
  }
}

/** The terminal in the middle of a run, as tmux has it, drawn by the browser. */
const photographTerminal = async (browser) => {
  const tmux = (...args) =>
    execFileSync("tmux", ["-L", `picture-${process.pid}`, ...args], { encoding: "utf8" })
  const screen = () => tmux("capture-pane", "-e", "-p", "-t", "picture")
  const empty = join(scratch, "empty")
  const command = `${join(root, "bin/pipeline")} run mnist-advtrain --preset demo --store ${empty}`
  tmux("-f", "/dev/null", "new-session", "-d", "-s", "picture", "-x", "112", "-y", "26", command)
  try {
    // Some nodes are over, and one says how long it still takes.
    const good = (text) => /[█░]{5}.* left/.test(text) && (text.match(/done /g) ?? []).length > 5
    let seen = ""
    for (; !good(seen); seen = screen()) await sleep(100)
    const file = join(scratch, "terminal.html")
    writeFileSync(file, terminalPage(seen.trimEnd()))
    return await photograph(browser, pathToFileURL(file).href, { width: 1040, height: 560 })
  } finally {
    tmux("kill-server")
  }
}

const colours = { 31: "#ff8a80", 32: "#6fdd8b", 33: "#f0c05a", 34: "#79b8ff", 35: "#d8a5ff", 36: "#76e0e0" }

/** Text with colours as a page. Every colour ends where the next one begins. */
const terminalPage = (text) => {
  const parts = text.split(new RegExp(`${String.fromCharCode(27)}\\[([0-9;]*)m`))
  const spans = parts.map((part, index) => {
    if (index % 2 === 1) return ""
    const codes = (parts[index - 1] ?? "").split(";")
    const colour = codes.map((code) => colours[code]).find((each) => each !== undefined)
    const style = codes.includes("2") ? "opacity:.6" : codes.includes("1") ? "font-weight:bold" : ""
    const escaped = part.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    return `<span style="color:${colour ?? "inherit"};${style}">${escaped}</span>`
  })
  return `<!doctype html><meta charset="utf-8"><body style="margin:0;background:#171b20;color:#e8ebee">
<pre style="margin:1rem;font:15px/1.32 'DejaVu Sans Mono',monospace">$ pipeline run mnist-advtrain --preset demo
${spans.join("")}</pre>`
}

/** The same picture, packed as tightly as can be: browsers are in a hurry. */
const packed = (png) => {
  const { data, width, height, channels } = decode(png)
  const pixels = data.length / channels
  const solid = new Uint8Array(3 * pixels)
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let channel = 0; channel < 3; channel++)
      solid[3 * pixel + channel] = data[channels * pixel + channel]
  return encode({ width, height, channels: 3, data: solid }, { zlib: { level: 9 } })
}

const names = positionals.length > 0 ? positionals : Object.keys(pictures)
const unknown = names.filter((name) => pictures[name] === undefined)
if (unknown.length > 0)
  throw new Error(`no picture ${unknown}; there are ${Object.keys(pictures).join(", ")}`)

if (values.store === undefined) pipeline("run", "mnist-advtrain", "--preset", "demo")
const file = join(scratch, "report.html")
pipeline("report", values.run, "--output", file)
const browser = await openChromium()
const report = (options) => photograph(browser, pathToFileURL(file).href, options)
const look = (options) => photographLook(browser, options)
const terminal = () => photographTerminal(browser)
mkdirSync(images, { recursive: true })
try {
  for (const name of names) {
    const png = packed(await pictures[name]({ report, look, terminal }))
    if (png.length > mostBytes) throw new Error(`${name} has ${png.length} bytes, more than ${mostBytes}`)
    writeFileSync(join(images, `${name}.png`), png)
    process.stdout.write(`${name}: ${png.length} bytes\n`)
  }
} finally {
  await browser.close()
  rmSync(scratch, { recursive: true })
}
