/** `pipeline report`: a run, or two, as a page, in whatever state it is. */
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { cli, start } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const one = { params: "a: Schema.Int", presets: "demo: { a: 1 }" }
const project = new TestProject({
  "stages/numbers.ts": stages,
  "pipelines/sums.ts": pipeline(
    "sums",
    `const a = number({}, { value: params.a })
    return { a, total: sum({ terms: [a, number({}, { value: 7 })] }, {}) }`,
    one
  ),
  "pipelines/failing.ts": pipeline(
    "failing",
    'return { fine: number({}, { value: 5 }), x: broken({}, { how: "fails" }) }',
    one
  ),
  "pipelines/waits.ts": pipeline(
    "waits",
    "return { fine: number({}, { value: 6 }), long: slow({}, { seconds: 60, value: params.a, busy: false }) }",
    one
  ),
  "notes/sums.md": "Sums come out **as published**.\n"
})
afterAll(() => project.remove())

/** The page that the command wrote, without its style and script. */
const reportOf = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await cli(project, ["report", ...args, "-o", "page.html"])
  expect({ args, code, stdout, stderr }).toEqual({
    args,
    code: 0,
    stdout: `${join(project.root, "page.html")}\n`,
    stderr: ""
  })
  const page = project.read("page.html")
  expect(page).toMatch(/^<!doctype html>\n[\s\S]*<\/html>\n$/)
  return page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, "")
}

beforeAll(async () => {
  expect((await cli(project, ["run", "sums"])).code).toBe(0)
  expect((await cli(project, ["run", "sums", "--set", "a=2"])).code).toBe(0)
})

test.each(["report", "results"])("%s names notes that cannot be read", async (command) => {
  // A directory where a file should be.
  project.write("bad-notes/sums.md/x", "")
  const { code, stderr } = await cli(project, [command, "last", "--notes", "bad-notes"])
  expect(code).toBe(1)
  expect(stderr).toMatch(/bad-notes\/sums\.md: .*EISDIR/)
})

test("shows a finished run, says what it has not, and writes RUN.html where nothing else is asked", async () => {
  const page = await reportOf("last", "--notes", "notes")
  for (const text of [
    "Sums come out <strong>as published</strong>.",
    "2 of 3",
    "No figures.",
    "No curves:",
    "No checks:",
    'id="node-2"',
    ">total<",
    "<code>pipeline run sums --preset demo</code>"
  ])
    expect(page).toContain(text)
  const { code, stdout } = await cli(project, ["report", "last~1"])
  const path = join(project.root, `${project.runs()[0]}.html`)
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${path}\n` })
})

test("puts two runs beside each other", async () => {
  const page = await reportOf("last~1", "last")
  expect(page).toMatch(/<td>a<\/td><td><code>1<\/code><\/td><td><code>2<\/code><\/td>/)
  expect(page).toMatch(/value<\/td><td class="number">1<\/td><td class="number">2<\/td><td class="number">1</)
  for (const id of project.runs()) expect(page).toContain(id)
})

test("shows what was finished of a run that failed half-way, and of one that was interrupted", async () => {
  expect((await cli(project, ["run", "failing"])).code).toBe(1)
  const failed = await reportOf("last")
  expect(failed).toContain("This run failed; what is shown is what was finished. Nodes: 1 failed.")
  expect(failed).toMatch(/<h2>Failed<\/h2><ul><li><a href="#node-\d">x<\/a>: /)
  expect(failed).toContain("<h3>a number</h3>")

  const waiting = start(project, ["run", "waits"])
  await waiting.says("metrics  fine")
  expect(await reportOf("last")).toContain("This run goes on; this is how far it was")
  waiting.signal("SIGINT", "group")
  expect((await waiting.finished).code).toBe(130)
  expect(await reportOf("last")).toContain("This run was interrupted; what is shown is what was finished.")
})

test("shows a run whose artifacts were collected", async () => {
  rmSync(join(project.store, "cas"), { recursive: true })
  const page = await reportOf(project.runs()[0] ?? "")
  expect(page).toContain("3 artifacts could not be read")
  expect(page).toContain("No tables:")
})

test("refuses runs that do not exist, and files that cannot be written", async () => {
  const refused = async (...args: ReadonlyArray<string>) => {
    const { code, stdout, stderr } = await cli(project, ["report", ...args])
    expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" })
    return stderr
  }
  expect(await refused("last~9")).toContain("there is no run `last~9`")
  mkdirSync(join(project.root, "taken"))
  expect(await refused("last", "-o", "taken")).toMatch(/taken.*EISDIR/)
})
