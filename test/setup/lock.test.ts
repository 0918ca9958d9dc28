/** scripts/lock.mjs between processes. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, beforeEach, expect, test } from "vitest"

const module = pathToFileURL(join(import.meta.dirname, "../../scripts/lock.mjs")).href

let folder = ""
let lock = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"))
  lock = join(folder, "lock")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A process that takes the lock, runs `body` with it, and says what it says. */
const start = (body: string): ChildProcess => {
  const text = `
    import { readFileSync, writeFileSync } from "node:fs"
    import { acquire } from ${JSON.stringify(module)}
    const held = await acquire(${JSON.stringify(lock)}, () => console.log("waiting"))
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    ${body}`
  return spawn(process.execPath, ["--input-type=module", "-e", text], {
    stdio: ["ignore", "pipe", "inherit"]
  })
}

const ended = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    let output = ""
    child.stdout?.on("data", (chunk) => {
      output += chunk
    })
    child.on("close", () => resolve(output))
  })

const said = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.stdout?.once("data", () => resolve()))

test("processes take turns", async () => {
  const counter = join(folder, "counter")
  writeFileSync(counter, "0")
  const path = JSON.stringify(counter)
  const increment = `
    const before = Number(readFileSync(${path}, "utf8"))
    await sleep(20)
    writeFileSync(${path}, String(before + 1))
    held.release()`
  await Promise.all(Array.from({ length: 5 }, () => ended(start(increment))))
  expect(readFileSync(counter, "utf8")).toBe("5")
  expect(readdirSync(folder)).toEqual(["counter"])
})

test("a killed owner's lock is taken over, by one process", async () => {
  const owner = start('console.log("mine"); await sleep(60_000)')
  await said(owner)
  owner.kill("SIGKILL")
  await ended(owner)
  expect(existsSync(lock)).toBe(true)
  const take = 'console.log("mine"); await sleep(50); console.log("done"); held.release()'
  const outputs = await Promise.all([ended(start(take)), ended(start(take)), ended(start(take))])
  for (const output of outputs) expect(output).toMatch(/^(waiting\n)?mine\ndone\n$/)
  expect(existsSync(lock)).toBe(false)
})

test("a killed owner whose work goes on in another process still has it", async () => {
  mkdirSync(lock)
  writeFileSync(join(lock, "4194305-x"), `${hostname()} 4194305 ${process.pid}`)
  const waiter = start("held.release()")
  await said(waiter)
  expect(readdirSync(lock)).toEqual(["4194305-x"])
  rmSync(join(lock, "4194305-x"))
  expect(await ended(waiter)).toBe("")
})
