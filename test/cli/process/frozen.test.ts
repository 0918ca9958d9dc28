/** A process that stands still for longer than its lease lasts, as in a debugger, on a laptop that slept, on a stalled network. */
import { readFileSync } from "node:fs"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { type Command, cli, start } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const sleeping = `import { Effect, Schema, Stage, Table } from "advpipe"
export const sleeping = Stage.make("sleeping", {
  inputs: {},
  params: Schema.Struct({ seconds: Schema.Finite }),
  output: Table,
  *run(_, { seconds }) {
    yield* Effect.log("asleep")
    yield* Effect.sleep(seconds * 1000)
    return { title: "t", columns: [{ name: "n", type: "number" }], rows: [[seconds]] }
  }
})
`

const project = new TestProject({
  "stages/numbers.ts": stages,
  "stages/sleeping.ts": sleeping,
  "pipelines/waits.ts": pipeline(
    "waits",
    `const one = sleeping({}, { seconds: 3 })
    return { one, two: scale({ of: one }, { by: 2 }) }`,
    { head: 'import { sleeping } from "../stages/sleeping.ts"' }
  )
})
afterAll(() => project.remove())
beforeEach(() => project.clear())

/** So that the test does not take half a minute. */
const impatient = { env: { PIPELINE_LEASE_PATIENCE: "2" } }
const run = () => start(project, ["run", "waits"], impatient)

/** The process whose result the store has. */
const publisher = (): unknown => {
  const [record] = project
    .files("actions")
    .map((path): { stage: string; provenance: { pid: number } } => JSON.parse(readFileSync(path, "utf8")))
    .filter(({ stage }) => stage === "sleeping")
  return record?.provenance.pid
}

/** A run that stands still in the middle of its first node, and another one that has taken that node over. */
const overtaken = async (): Promise<{ readonly holder: Command; readonly heir: Command }> => {
  const holder = run()
  await holder.says("asleep")
  holder.signal("SIGSTOP", "group")
  const heir = run()
  await heir.says("wait     one")
  await heir.says("run      one")
  return { holder, heir }
}

describe("a run that was frozen and overtaken", () => {
  test("waits for its successor when it wakes up before that is done, and takes its result", async () => {
    const { holder, heir } = await overtaken()
    // The time it stood still counts as time slept: it has its result at once.
    holder.signal("SIGCONT", "group")
    await holder.says("retry    one")
    await holder.says("wait     one")
    expect((await heir.finished).code).toBe(0)
    const { code, stderr } = await holder.finished
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^retry +one +failed after .*: another process took over key [0-9a-f]{8} while this one stood still$/m
    )
    expect(stderr).toMatch(
      new RegExp(`^wait +one +computed by run ${project.runs()[1]}, process ${heir.pid} on `, "m")
    )
    expect(stderr).toMatch(/^cached +one /m)
    expect(publisher()).toBe(heir.pid)
    expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)
    expect(project.files("leases")).toEqual([])
  })

  test("publishes nothing over its successor when that is done already", async () => {
    const { holder, heir } = await overtaken()
    expect((await heir.finished).code).toBe(0)
    holder.signal("SIGCONT", "group")
    const { code, stderr } = await holder.finished
    expect(code).toBe(0)
    expect(stderr).toMatch(/^retry +one /m)
    expect(stderr).toMatch(/^cached +two /m)
    expect(publisher()).toBe(heir.pid)
    expect(project.files("leases")).toEqual([])
  })
})
