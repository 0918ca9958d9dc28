/** `pipeline results`: finished runs as a document. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const sums = pipeline(
  "sums",
  `const a = number({}, { value: params.a })
    return { a, total: sum({ terms: [a, number({}, { value: 7 })] }, {}) }`,
  { params: "a: Schema.Int", presets: "demo: { a: 1 }" }
)
const project = new TestProject({
  "stages/numbers.ts": stages,
  "pipelines/sums.ts": sums,
  "notes/sums.md": "Sums come out **as published**.\n",
  "notes/others.md": "Nobody asked for this.\n"
})
afterAll(() => project.remove())

beforeAll(async () => {
  expect((await cli(project, ["run", "sums"])).code).toBe(0)
  expect((await cli(project, ["run", "sums", "--set", "a=2"])).code).toBe(0)
})

test("tells of each run what was run, on what, its notes, its final tables and its params", async () => {
  const { code, stdout, stderr } = await cli(project, ["results", "last", "last~1", "--notes", "notes"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  const [, second = "", first = ""] = stdout.split(/^## /m)
  expect(first).toContain("sums, preset `demo`")
  expect(first).toContain("command: `pipeline run sums --preset demo`")
  expect(first).toMatch(/3 of 3 nodes computed/)
  expect(first).toMatch(/machine: \w+ \w+, .*; Node 2\d\.\d+\.\d+/)
  // What came from the cache was computed by the run before.
  const [, newer = "", older = ""] =
    /^- computed by: run `(\S+)`.*\(2 nodes\); run `(\S+)`.*\(1 node\)$/m.exec(second) ?? []
  expect([newer > older, older]).toEqual([true, /^- run: `(\S+)`/m.exec(first)?.[1]])
  expect(first).toContain("Sums come out **as published**.")
  expect(first).toContain('"a": 1')
  expect(second).toContain('"a": 2')
  expect(second).toMatch(/2 of 3 nodes computed, 1 node from the cache/)
  // Only the last table: the others are parts of it.
  expect(second.match(/^Node `.*`$/gm)).toEqual(["Node `total`"])
  expect(stdout).not.toContain("Nobody asked")
})

test("writes a file, and says which", async () => {
  const { code, stdout, stderr } = await cli(project, ["results", "last", "--output", "results.md"])
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "written to results.md\n" })
  expect(project.read("results.md")).toMatch(
    /^# Results\n\nMade by `pipeline results \S+ --output results\.md`/
  )
})

test("refuses runs that do not exist or have not come to an end, and files that cannot be written", async () => {
  const refused = async (...args: ReadonlyArray<string>) => {
    const { code, stdout, stderr } = await cli(project, ["results", ...args])
    expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" })
    return stderr
  }
  expect(await refused("last~9")).toContain("there is no run `last~9`")
  mkdirSync(join(project.root, "taken"))
  expect(await refused("last", "--output", "taken")).toMatch(/taken: .*EISDIR/)
  const failing = pipeline("failing", 'return { x: broken({}, { how: "fails" }) }', {
    params: "a: Schema.Int",
    presets: "demo: { a: 1 }"
  })
  project.write("pipelines/failing.ts", failing)
  expect((await cli(project, ["run", "failing"])).code).toBe(1)
  expect(await refused("last")).toMatch(
    /run `\S+` has no results: it is failed\n\nhint: run the pipeline again/
  )
})
