/** A checkout in small: set up by its first command, built again when its sources change, and else left alone. */
import { spawn, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"

const root = join(import.meta.dirname, "../..")

let clone = ""
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), "clone-"))
  for (const name of ["bin", "scripts", "package.json", "package-lock.json"])
    cpSync(join(root, name), join(clone, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"))
  write("src/worker/main.ts", "export {}")
  write(
    "src/cli/main.ts",
    'import { word } from "./word.ts"\nprocess.stdout.write([word, process.argv[2]].join(" ") + "\\n")'
  )
  write("src/cli/word.ts", 'export const word: string = "first"')
})
afterAll(() => rmSync(clone, { recursive: true, force: true }))

const write = (path: string, text: string): void => {
  mkdirSync(join(clone, path, ".."), { recursive: true })
  writeFileSync(join(clone, path), `${text}\n`)
}

const command = () => join(clone, "bin/pipeline")

const run = () => {
  const { status, stdout, stderr } = spawnSync(command(), ["x"], { cwd: clone, encoding: "utf8" })
  return { status, out: stdout, err: stderr }
}

const apps = () => readdirSync(join(clone, "dist")).filter((name) => name.startsWith("app-"))

test("two first commands at once build once, and both work", async () => {
  const start = () =>
    new Promise<{ readonly out: string; readonly err: string }>((resolve) => {
      const child = spawn(command(), ["x"], { cwd: clone })
      let out = ""
      let err = ""
      child.stdout.on("data", (chunk) => {
        out += chunk
      })
      child.stderr.on("data", (chunk) => {
        err += chunk
      })
      child.on("close", () => resolve({ out, err }))
    })
  const results = await Promise.all([start(), start()])
  expect(results.map(({ out }) => out)).toEqual(["first x\n", "first x\n"])
  const lines = results.flatMap(({ err }) => err.split("\n")).filter((line) => line.includes("building"))
  expect(lines).toEqual(["setup: building (once)"])
})

test("the next command sets nothing up", () => {
  expect(run()).toEqual({ status: 0, out: "first x\n", err: "" })
})

test("a changed source is built again; a run that started before keeps its files", () => {
  const before = apps()
  write("src/cli/word.ts", 'import { other } from "./other.ts"\nexport const word: string = other')
  write("src/cli/other.ts", 'export const other = "second"')
  expect(run()).toEqual({ status: 0, out: "second x\n", err: "setup: building (sources changed)\n" })
  expect(run().err).toBe("")
  expect(apps()).toEqual(expect.arrayContaining(before))
  expect(apps()).toHaveLength(before.length + 1)
})

test("a file that is new since the last build counts as well", () => {
  write("src/cli/other.ts", 'export const other = "third"')
  expect(run().out).toBe("third x\n")
})

test("sources that do not build are named, and the last build is not used instead", () => {
  write("src/cli/other.ts", "export const other = (")
  const { status, out, err } = run()
  expect({ status, out }).toEqual({ status: 1, out: "" })
  expect(err).toContain("setup: the build failed")
  expect(err).toContain("src/cli/other.ts")
  expect(err).toContain("hint: correct the sources")
  write("src/cli/other.ts", 'export const other = "fourth"')
  expect(run().out).toBe("fourth x\n")
})

test("a node that is too old is refused by name", () => {
  const text = 'Object.defineProperty(process.versions, "node", { value: "22.18.0" })'
  write("old.cjs", text)
  const { status, stderr } = spawnSync(process.execPath, ["-r", "./old.cjs", "bin/pipeline.mjs"], {
    cwd: clone,
    encoding: "utf8"
  })
  expect(status).toBe(1)
  expect(stderr).toContain("Node 22.19 or newer is needed")
})

test("the lockfile has the packages of every platform", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/complete-lock.mjs", "--check"], {
    cwd: clone,
    encoding: "utf8"
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
})
