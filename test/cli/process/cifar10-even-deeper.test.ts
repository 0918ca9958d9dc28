/** Study 1 from the command line: a part of its demo, smaller still. */
import { afterAll, describe, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { TestProject } from "../../rig/project.ts"

const project = new TestProject()
afterAll(() => project.remove())

const settings = Object.entries({
  trainCount: 200,
  testCount: 50,
  "honest.pgd.perClass": 2,
  "first.epochs": 1,
  "second.epochs": 1
}).flatMap(([name, value]) => ["--set", `${name}=${value}`])
const run = (...more: ReadonlyArray<string>) =>
  cli(project, ["run", "cifar10-even-deeper", "--preset", "demo", ...settings, ...more])

describe("cifar10-even-deeper", () => {
  test("trains, attacks and measures on generated figures; another grey level trains nothing", async () => {
    const wanted = ["--only", "leak/leaking/second", "--only", "corrected/evaluations/second/sweeps/fgsm"]
    const first = await run(...wanted)
    expect(first.stderr).toMatch(/^done +models\/second /m)
    expect(first.stderr).toMatch(/^done +leak\/leaking\/second /m)
    expect(first.code).toBe(0)
    const second = await run(...wanted, "--set", "honest.greyLevels=[4]")
    expect(second.stderr).toMatch(/^cached +models\/second /m)
    expect(second.stderr).toMatch(/^cached +leak\/leaking\/second /m)
    expect(second.stderr).toMatch(/^done +corrected\/evaluations\/second\/sweeps\/fgsm /m)
    expect(second.code).toBe(0)
  })

  test("names a copy's file that is not there", async () => {
    const { code, stderr } = await run(
      "--set",
      'data={"name":"other","directory":"nowhere"}',
      "--only",
      "test"
    )
    expect(stderr).toContain("nowhere/test_batch.bin")
    expect(stderr).toContain("param `files.first` of stage `load-cifar10-copy`")
    expect(code).toBe(1)
  })
})
