/** What a pipeline has to say about a run: before it what it costs, after it what it did not show. */
import { afterAll, expect, test } from "vitest"
import { cli, steady } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const sums = pipeline("sums", "return { a: number({}, { value: params.a }) }", {
  params: "a: Schema.Int",
  presets: "demo: { a: 1 }"
}).replace(
  'defaultPreset: "demo",',
  'defaultPreset: "demo", remarks: ({ a }) => ({ before: "costs " + a, after: "shows " + a }),'
)
const project = new TestProject({ "stages/numbers.ts": stages, "pipelines/sums.ts": sums })
afterAll(() => project.remove())

test("it is said once, around a run that computes something", async () => {
  const plan = await cli(project, ["plan", "sums"])
  expect(plan.stdout.trimEnd()).toMatch(/\n\ncosts 1$/)
  const first = await cli(project, ["run", "sums", "--set", "a=2"])
  expect(first.code).toBe(0)
  const lines = first.stderr.trimEnd().split("\n")
  expect(lines[1]).toBe("note     costs 2")
  expect(lines.at(-1)).toBe("note     shows 2")
  expect(lines.filter((line) => line.startsWith("note"))).toHaveLength(2)
})

test("a run that computes nothing has shown nothing new, and a program reads events alone", async () => {
  await cli(project, ["run", "sums", "--set", "a=3"])
  const again = await cli(project, ["run", "sums", "--set", "a=3"])
  expect(steady(again.stderr)).not.toMatch(/shows|costs/)
  const json = await cli(project, ["run", "sums", "--set", "a=4", "--json"])
  expect(json.stdout + json.stderr).not.toMatch(/shows|costs/)
  const plan = await cli(project, ["plan", "sums", "--json"])
  expect(JSON.parse(plan.stdout)).toMatchObject({ remarks: { before: "costs 1", after: "shows 1" } })
})

test("remarks that are none, or that throw, are named before anything runs", async () => {
  const refused = async (remarks: string) => {
    project.write("pipelines/sums.ts", sums.replace(/remarks: .*\}\),$/m, `remarks: ${remarks},`))
    const { code, stderr } = await cli(project, ["run", "sums"])
    expect(code).toBe(1)
    return stderr
  }
  expect(await refused("() => ({ before: 3 as never })")).toMatch(/`remarks` gives texts/)
  expect(await refused('() => { throw new Error("no idea") }')).toMatch(/no idea/)
})
