/** Stages that fail and workers that die: the node fails, by name and with the cause, and the rest of the run is intact. */
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { cli, isAlive, start, until } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

/** One stage that goes wrong beside a chain that does not. */
const beside = (name: string, node: string) =>
  pipeline(
    name,
    `const victim = ${node}
    const good = number({}, { value: 1 })
    return { victim, below: scale({ of: victim }, { by: 2 }), good, after: scale({ of: good }, { by: 3 }) }`
  )

/** Takes a hundred and fifty megabytes. */
const hungry = `import { Schema, Stage, Table } from "advpipe"
export const hungry = Stage.make("hungry", {
  inputs: { of: Table },
  params: Schema.Struct({}),
  output: Table,
  *run({ of }) {
    const all: Array<Array<number>> = []
    while (all.length < 190) all.push(new Array(100_000).fill(all.length))
    return { ...of, rows: [[all.length]] }
  }
})
`

const ways = ["throws", "fails", "exits", "eats", "lies"] as const
const project = new TestProject({
  "stages/numbers.ts": stages,
  ...Object.fromEntries(
    ways.map((how) => [`pipelines/${how}.ts`, beside(how, `broken({}, { how: "${how}" })`)])
  ),
  "pipelines/killed.ts": beside("killed", "slow({}, { seconds: 3600, value: 1, busy: false })"),
  "pipelines/flaky.ts": beside("flaky", "flaky({}, {})"),
  "stages/hungry.ts": hungry,
  "pipelines/hungry.ts": pipeline(
    "hungry",
    "return { victim: hungry({ of: number({}, { value: 1 }) }, {}), good: number({}, { value: 1 }) }",
    { head: 'import { hungry } from "../stages/hungry.ts"' }
  ),
  "pipelines/late.ts": beside("late", "late({}, {})"),
  "pipelines/meanwhile.ts": pipeline(
    "meanwhile",
    "return { victim: late({}, {}), long: slow({}, { seconds: 3600, value: 1, busy: false }) }"
  )
})
afterAll(() => project.remove())
beforeEach(() => project.clear())

interface Shown {
  readonly nodes: ReadonlyArray<{
    readonly name: string
    readonly state: string
    readonly attempts: number
    readonly failure?: {
      readonly tag: string
      readonly message: string
      readonly hint?: string
      readonly stack?: string
    }
  }>
}

/** The failed node as `show --json` has it. All others must be as if nothing had happened. */
const victim = async () => {
  const { stdout } = await cli(project, ["show", "last", "--json"])
  const { nodes }: Shown = JSON.parse(stdout)
  expect(Object.fromEntries(nodes.map(({ name, state }) => [name, state]))).toEqual({
    victim: "failed",
    below: "skipped",
    good: "ran",
    after: "ran"
  })
  const found = nodes.find(({ name }) => name === "victim")
  return { attempts: found?.attempts, failure: found?.failure }
}

const run = async (name: string, env = {}) => {
  const finished = await cli(project, ["run", name, "--keep-going"], { env })
  expect(finished.code).toBe(1)
  return finished.stderr
}

describe("a stage that fails", () => {
  test("with an error of its own is told by its message and its hint, without a stack", async () => {
    await run("fails")
    expect(await victim()).toEqual({
      attempts: 1,
      failure: { tag: "NoData", message: "no data today", hint: "come back tomorrow" }
    })
  })

  test("by throwing is told with the place in its source and none in the program", async () => {
    const stderr = await run("throws")
    const { failure } = await victim()
    expect(failure).toMatchObject({ tag: "TypeError", message: "it went wrong" })
    const line = 1 + stages.split("\n").findIndex((each) => each.includes("it went wrong"))
    expect(failure?.stack?.split("\n")).toEqual([
      "TypeError: it went wrong",
      expect.stringMatching(new RegExp(`^    at .*${project.root}/stages/numbers\\.ts:${line}:\\d+\\)?$`))
    ])
    expect(stderr).toContain(`${project.root}/stages/numbers.ts:${line}:`)
  })

  test("by returning what its kind cannot hold is told where it does not fit", async () => {
    await run("lies")
    expect((await victim()).failure?.message).toMatch(/^Table: .*2 cells under 1 columns?\n.*rows/)
  })

  test("again and again is tried as often as it asked for", async () => {
    const stderr = await run("flaky")
    expect(await victim()).toEqual({ attempts: 3, failure: { tag: "Flaky", message: "not this time" } })
    expect(stderr.match(/^retry +victim +failed after .*: not this time$/gm)).toHaveLength(2)
    expect(stderr).toMatch(/^run +victim +attempt 3, never run before$/m)
    expect(stderr).toMatch(/^fail +victim +not this time$/m)
  })

  test("to end in time is stopped, and told how long it had", async () => {
    await run("late")
    expect(await victim()).toEqual({
      attempts: 1,
      failure: {
        tag: "StageTimedOut",
        message: "stage `late` took longer than its timeout of 0.3 s",
        hint: "raise `timeout` in Stage.make, or give the stage less to do"
      }
    })
  })
})

/** The process that computes, or computed, the victim. */
const workerOfVictim = (): number => {
  const started = project.journal().find((event) => event._tag === "NodeStarted" && event.node === "victim")
  return started?._tag === "NodeStarted" ? started.pid : Number.NaN
}

test("a stage that ran out of time is stopped there and then, not when the run ends", async () => {
  const command = start(project, ["run", "meanwhile", "--keep-going", "--jobs", "2"])
  await command.says("fail     victim")
  await until(() => !isAlive(workerOfVictim()), "the end of the victim's worker")
  expect(project.journal().at(-1)?._tag).not.toBe("RunFinished")
  command.signal("SIGINT")
  expect((await command.finished).code).toBe(130)
})

describe("a worker that dies", () => {
  test("by exiting is a failed node that names the stage and the code", async () => {
    await run("exits")
    expect((await victim()).failure).toMatchObject({
      tag: "WorkerDied",
      message: "the worker of stage `broken` died (exit code 3)"
    })
  })

  test("by SIGKILL is a failed node that names the stage and the signal", async () => {
    const command = start(project, ["run", "killed", "--keep-going", "--jobs", "2"])
    await command.says("run      victim")
    await command.says("done     after")
    process.kill(workerOfVictim(), "SIGKILL")
    expect((await command.finished).code).toBe(1)
    expect((await victim()).failure).toMatchObject({
      tag: "WorkerDied",
      message: "the worker of stage `slow` died (signal SIGKILL)",
      hint: expect.stringContaining("use smaller batches or fewer --jobs")
    })
  })

  test("for want of memory is told so, with the cure and without the engine's own report", async () => {
    await run("eats", { NODE_OPTIONS: "--max-old-space-size=64" })
    expect((await victim()).failure).toEqual({
      tag: "WorkerDied",
      message: expect.stringMatching(
        /^the worker of stage `broken` died \((signal|exit code) \w+, out of memory\)$/
      ),
      hint: "let the stage work in smaller batches, or give Node more: NODE_OPTIONS=--max-old-space-size=8192"
    })
  })

  test("for want of memory leaves a sound store, and completes when there is more", async () => {
    const starved = await cli(project, ["run", "hungry"], {
      env: { NODE_OPTIONS: "--max-old-space-size=64" }
    })
    expect(starved.code).toBe(1)
    expect(starved.stderr).toMatch(/^fail +victim +the worker of stage `hungry` died .*out of memory\)$/m)
    expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)
    const fed = await cli(project, ["run", "hungry"])
    expect(fed.code).toBe(0)
    expect(fed.stderr).toMatch(/^cached +good /m)
    expect(fed.stderr).toMatch(/^done +victim /m)
  })
})
