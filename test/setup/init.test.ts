/** What `pipeline init` writes: it must pass its own checks, on the library as it is built. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { afterEach, beforeEach, expect, test } from "vitest"
import { initProject } from "../../src/cli/init.ts"

const root = join(import.meta.dirname, "../..")

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "init-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const init = (directory: string) =>
  initProject({ directory, packageRoot: root }).pipe(Effect.provide(NodeServices.layer))

const node = (cwd: string, ...args: ReadonlyArray<string>) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" })
  return { status, output: stdout + stderr }
}

test("a new project compiles and passes its tests", async () => {
  const directory = join(folder, "My Project")
  const files = await Effect.runPromise(init(directory))
  expect(files).toEqual([
    ".gitignore",
    "README.md",
    "package.json",
    "pipelines/stripes.ts",
    "stages/make-stripes.ts",
    "stages/summarise.ts",
    "test/stripes.test.ts",
    "tsconfig.json"
  ])
  expect(readFileSync(join(directory, "README.md"), "utf8")).toMatch(/^# my-project\n/)
  expect(JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))).toMatchObject({
    name: "my-project",
    dependencies: { advpipe: `file:${root}` },
    devDependencies: { typescript: expect.stringMatching(/^\d+\.\d+\.\d+$/) }
  })

  // What `npm install` would do, without a registry.
  expect(node(root, "scripts/setup.mjs", "--library")).toMatchObject({ status: 0 })
  mkdirSync(join(directory, "node_modules/@types"), { recursive: true })
  symlinkSync(root, join(directory, "node_modules/advpipe"))
  for (const name of ["typescript", "vitest", "@types/node"])
    symlinkSync(join(root, "node_modules", name), join(directory, "node_modules", name))

  const tsc = join(root, "node_modules/typescript/bin/tsc")
  expect(node(directory, tsc, "-p", ".")).toEqual({ status: 0, output: "" })
  const vitest = node(directory, join(root, "node_modules/vitest/vitest.mjs"), "run")
  expect(vitest).toMatchObject({ status: 0, output: expect.stringMatching(/3 passed/) })
})

test("a directory that holds something is left alone", async () => {
  writeFileSync(join(folder, "notes.txt"), "mine")
  const error = await Effect.runPromise(Effect.flip(init(folder)))
  expect(error).toMatchObject({ _tag: "InitFailed", hint: expect.stringContaining("empty") })
  expect(error.message).toContain("it holds notes.txt")
})

test("so is a file", async () => {
  writeFileSync(join(folder, "notes.txt"), "mine")
  const error = await Effect.runPromise(Effect.flip(init(join(folder, "notes.txt"))))
  expect(error.message).toContain("it is a file")
})
