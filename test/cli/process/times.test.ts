/** `pipeline times`: where the time went, and a file from which a first run elsewhere tells how long it takes. */
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { cli, hasTerminals, onTerminal } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const sleeps = (more = "") =>
  pipeline(
    "sleeps",
    `const nap = slow({}, { seconds: params.seconds, value: 1, busy: false })
    return { nap, doubled: scale({ of: nap }, { by: 2 }), ${more} }`,
    { params: "seconds: Schema.Finite", presets: "demo: { seconds: 1 }, quick: { seconds: 2 }" }
  )

const projectOf = (file: string) => {
  const project = new TestProject({ "stages/numbers.ts": stages, "pipelines/sleeps.ts": file })
  onTestFinished(() => project.remove())
  return project
}

test("tells and saves the times of a run, preset by preset, and of none that failed", async () => {
  const project = projectOf(sleeps())
  const path = join(project.root, "pipelines/sleeps.times.json")
  for (const preset of ["demo", "quick", "quick"]) {
    expect((await cli(project, ["run", "sleeps", "--preset", preset])).code).toBe(0)
    const { code, stdout, stderr } = await cli(project, ["times", "last", "--save"])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `saved    pipelines/sleeps.times.json, preset ${preset}\n`
    })
    expect(stdout).toMatch(
      /^stage +nodes +took +share +each +longest +which\nslow +1 .* nap\nscale +1 .* doubled\n/
    )
    expect(stdout).toContain("2 nodes took")
  }
  // The last run found all of it cached: what it once took counts.
  const { presets } = JSON.parse(project.read("pipelines/sleeps.times.json"))
  expect(Object.keys(presets)).toEqual(["demo", "quick"])
  expect(presets.demo.seconds.nap).toBeGreaterThanOrEqual(1)
  expect(presets.quick.seconds.nap).toBeGreaterThanOrEqual(2)
  expect(presets.demo.machine).toMatch(/\w/)
  const json = await cli(project, ["times", "last", "--json"])
  expect(JSON.parse(json.stdout)).toEqual({ nap: expect.any(Number), doubled: expect.any(Number) })

  rmSync(path)
  project.write("pipelines/sleeps.ts", sleeps('broken: broken({}, { how: "fails" })'))
  expect((await cli(project, ["run", "sleeps", "--keep-going"])).code).toBe(1)
  const failed = await cli(project, ["times", "last", "--save"])
  expect(failed.code).toBe(1)
  expect(failed.stderr).toContain("is `failed`: it has no times of all its nodes to save")
  expect(existsSync(path)).toBe(false)
})

const terminals = hasTerminals()
const without = terminals ? "" : " (skipped: no `script` here, which makes a terminal)"

test.skipIf(!terminals)(
  `a first run on a terminal says from that file how long it takes, and says when the file is none${without}`,
  async () => {
    const project = projectOf(sleeps())
    project.write(
      "pipelines/sleeps.times.json",
      JSON.stringify({
        format: 1,
        presets: { demo: { machine: "another", seconds: { nap: 500, doubled: 600 } } }
      })
    )
    const told = await onTerminal(project, ["run", "sleeps"])
    expect(told).toMatch(/0 of 2 done, 1 running, \d s elapsed, about 18m/)
    project.clear()
    project.write("pipelines/sleeps.times.json", "{")
    const untold = await onTerminal(project, ["run", "sleeps"])
    expect(untold).toContain("sleeps.times.json does not hold the times of a pipeline's nodes")
    expect(untold).not.toContain("about")
  }
)
