/** A project that `pipeline init` made, used as its README says. */
import { spawnSync } from "node:child_process"
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { repository, TestProject } from "../../rig/project.ts"

const outside = new TestProject()
const directory = join(outside.root, "mine")
afterAll(() => outside.remove())

beforeAll(async () => {
  const { code, stdout, stderr } = await cli(outside, ["init", "mine"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(stdout).toBe(`made  .gitignore
made  README.md
made  package.json
made  pipelines/stripes.ts
made  stages/make-stripes.ts
made  stages/summarise.ts
made  test/stripes.test.ts
made  tsconfig.json

next:
  cd mine
  npm install
  npx pipeline run stripes
  npm test
`)
  // What `npm install` would do, without a registry.
  mkdirSync(join(directory, "node_modules"))
  symlinkSync(repository, join(directory, "node_modules/advpipe"))
  symlinkSync(join(repository, "node_modules/vitest"), join(directory, "node_modules/vitest"))
})

const inside = (...args: ReadonlyArray<string>) => cli(outside, args, { cwd: directory })

test("its pipeline runs, is cached the second time, and follows a param", async () => {
  const first = await inside("run", "stripes")
  expect(first.stderr).toMatch(/\n2 run in .*\n/)
  const second = await inside("run", "stripes")
  expect(second.stderr).toMatch(/\n2 cached in .*\n$/)
  const third = await inside("run", "stripes", "--set", "noise=0.3")
  expect(third.stderr).toMatch(/^run +data +params\.noise 0\.1 → 0\.3$/m)
  expect([first.code, second.code, third.code]).toEqual([0, 0, 0])
})

test("its own test passes", () => {
  const vitest = join(repository, "node_modules/vitest/vitest.mjs")
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run"], {
    cwd: directory,
    encoding: "utf8"
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/3 passed/) })
})

test("is not made where something is already", async () => {
  expect(await cli(outside, ["init", "mine"])).toEqual({
    code: 1,
    signal: null,
    stdout: "",
    stderr: `error: cannot make a project in ${directory}: it is not empty (it holds .gitignore)\n\nhint: name a new directory, or an empty one\n`
  })
})

test("--json lists the files", async () => {
  const { stdout } = await cli(outside, ["init", "another", "--json"])
  expect(JSON.parse(stdout)).toEqual({
    directory: "another",
    files: expect.arrayContaining(["package.json", "pipelines/stripes.ts"])
  })
})
