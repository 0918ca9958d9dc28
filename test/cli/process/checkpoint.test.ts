/** A command that was killed in the middle of a stage, and the same command again. */
import { afterAll, describe, expect, test } from "vitest"
import { cli, start } from "../../rig/cli.ts"
import { countingPipeline, countingStage, fromPackage, rest } from "../../rig/counting-stage.ts"
import { TestProject } from "../../rig/project.ts"

const project = new TestProject({
  "stages/counting.ts": countingStage(undefined, fromPackage),
  "pipelines/counts.ts": countingPipeline("counts", fromPackage)
})
afterAll(() => project.remove())

/** The steps that the newest run took. */
const steps = () =>
  project
    .journal()
    .flatMap((event) =>
      event._tag === "Log" && event.message.startsWith("step ") ? [Number(event.message.slice(5))] : []
    )

const digest = async () => {
  const { stdout } = await cli(project, ["artifacts", "ls", "--json"])
  return /"[0-9a-f]{64}"/.exec(stdout)?.[0]
}

describe("a command that was killed in the middle of a stage", () => {
  test("goes on from the stage's checkpoint, to the digest of an undisturbed run; gc takes what is left", async () => {
    const command = start(project, ["run", "counts"])
    await command.says(`step ${rest}`)
    command.signal("SIGKILL", "group")
    expect(await command.finished).toMatchObject({ code: null, signal: "SIGKILL" })
    expect(project.files("checkpoints").map((path) => path.split(".").at(-3))).toEqual(["10", "5"])

    // What a kept run left unfinished is no garbage.
    expect((await cli(project, ["artifacts", "gc"])).stdout).not.toContain("checkpoint")
    expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)

    expect((await cli(project, ["run", "counts"])).code).toBe(0)
    expect(steps()).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23])
    const resumed = await digest()
    expect(resumed).toMatch(/^"[0-9a-f]{64}"$/)

    expect((await cli(project, ["run", "counts", "--force", "count"])).code).toBe(0)
    expect(steps()).toHaveLength(23)
    expect(await digest()).toBe(resumed)

    expect(project.files("checkpoints")).toHaveLength(1)
    expect((await cli(project, ["artifacts", "gc", "--keep-runs", "0"])).stdout).toContain(", 1 checkpoint,")
    expect(project.files("checkpoints")).toEqual([])
  })
})
