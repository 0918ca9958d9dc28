/** Signals and sudden deaths: what is left behind, and what the next run makes of it. */
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import type { Event } from "../../../src/track/event.ts"
import { type Command, cli, isAlive, start, until } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

// first, then long --> end: where `gate` is high, `long` never ends.
const waits = (busy: boolean) =>
  pipeline(
    busy ? "busy" : "idle",
    `const first = number({}, { value: 1 })
    const long = slow({}, { seconds: params.seconds, value: 2, busy: ${busy} })
    return { first, long, end: sum({ terms: [first, long] }, {}), unrelated: number({}, { value: 5 }) }`,
    { params: "seconds: Schema.Finite", presets: "demo: { seconds: 0 }" }
  )

const project = new TestProject({
  "stages/numbers.ts": stages,
  "pipelines/idle.ts": waits(false),
  "pipelines/busy.ts": waits(true)
})
afterAll(() => project.remove())
beforeEach(() => project.clear())

const hour = ["--set", "seconds=3600", "--jobs", "1"]
type Started = Extract<Event, { readonly _tag: "NodeStarted" }>

/** A run that has come to `long` and will not get further. Its worker is the one that computes `long`. */
const stuck = async (
  name: "idle" | "busy"
): Promise<{ command: Command; workers: ReadonlyArray<number> }> => {
  const command = start(project, ["run", name, ...hour])
  await command.says("run      long")
  const started = project.journal().filter((event): event is Started => event._tag === "NodeStarted")
  return { command, workers: [...new Set(started.map(({ pid }) => pid))] }
}

const states = async (): Promise<{
  readonly status: string
  readonly nodes: Readonly<Record<string, string>>
}> => {
  const { stdout } = await cli(project, ["show", "last", "--json"])
  const view: {
    readonly status: string
    readonly nodes: ReadonlyArray<{ readonly name: string; readonly state: string }>
  } = JSON.parse(stdout)
  return {
    status: view.status,
    nodes: Object.fromEntries(view.nodes.map(({ name, state }) => [name, state]))
  }
}

const gone = (workers: ReadonlyArray<number>) =>
  until(() => !workers.some(isAlive), `the end of worker ${workers.join(", ")}`)

/** The same pipeline, with a stage that ends: it finds what the interrupted run finished, and completes. */
const completes = async (name: string): Promise<void> => {
  const { code } = await cli(project, ["run", name, "--jobs", "1"])
  expect(code).toBe(0)
  expect(await states()).toEqual({
    status: "done",
    nodes: { first: "cached", long: "ran", end: "ran", unrelated: "ran" }
  })
}

const cut = {
  status: "interrupted",
  nodes: { first: "ran", long: "interrupted", end: "skipped", unrelated: "skipped" }
}

describe("an interrupted run", () => {
  test.each([
    ["Ctrl-C, which reaches every process", "SIGINT", "group", 130],
    ["SIGINT to the command alone", "SIGINT", "command", 130],
    ["SIGTERM", "SIGTERM", "command", 143]
  ] as const)(
    "stops its workers, says what was cut short, and goes on next time: %s",
    async (_, signal, to, code) => {
      const { command, workers } = await stuck("idle")
      command.signal(signal, to)
      const finished = await command.finished

      expect(finished).toMatchObject({ code, signal: null, stdout: "" })
      expect(finished.stderr).toMatch(/^stop +long +after /m)
      expect(finished.stderr).toMatch(/^skip +end +the run was interrupted$/m)
      expect(finished.stderr).toMatch(/\n1 run, 1 interrupted, 2 not started in .*\n$/)
      await gone(workers)
      expect(project.journal().at(-1)).toMatchObject({ _tag: "RunFinished", status: "interrupted" })
      expect(await states()).toEqual(cut)
      await completes("idle")
    }
  )

  test("stops at once although its stage computes and listens to nobody", async () => {
    const { command, workers } = await stuck("busy")
    command.signal("SIGINT", "group")
    expect((await command.finished).code).toBe(130)
    await gone(workers)
    expect(await states()).toEqual(cut)
  })

  test("ends promptly at the second Ctrl-C, whatever it was doing about the first", async () => {
    const { command, workers } = await stuck("busy")
    command.signal("SIGINT", "group")
    command.signal("SIGINT", "group")
    expect(await command.finished).toMatchObject({ code: 130, signal: null })
    await gone(workers)
    await completes("busy")
  })

  test("leaves no lease and no half-written file", async () => {
    const { command } = await stuck("idle")
    command.signal("SIGINT")
    await command.finished
    expect(project.files("leases")).toEqual([])
    expect(project.files("tmp")).toEqual([])
  })

  test("--json ends with the run's end, still one event per line", async () => {
    const command = start(project, ["run", "idle", ...hour, "--json"])
    await until(
      () => project.journal().some((event) => event._tag === "NodeStarted" && event.node === "long"),
      "long"
    )
    command.signal("SIGINT", "group")
    const { code, stdout } = await command.finished
    expect(code).toBe(130)
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      _tag: "RunFinished",
      status: "interrupted"
    })
  })
})

describe("a run that was killed", () => {
  test.each(["idle", "busy"] as const)(
    "takes its workers along, is told as crashed, and the next run completes: %s",
    async (name) => {
      const { command, workers } = await stuck(name)
      command.signal("SIGKILL")
      expect(await command.finished).toMatchObject({ code: null, signal: "SIGKILL" })
      await gone(workers)

      expect(await states()).toEqual({
        status: "crashed",
        nodes: { first: "ran", long: "interrupted", end: "skipped", unrelated: "skipped" }
      })
      const { stdout } = await cli(project, ["runs"])
      expect(stdout).toMatch(new RegExp(`^${project.runs()[0]} .* crashed `, "m"))
      await completes(name)
      expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)
    }
  )

  test("is followed by the digests that an undisturbed run has", async () => {
    const { command } = await stuck("idle")
    command.signal("SIGKILL", "group")
    await command.finished
    await cli(project, ["run", "idle"])
    const after = await cli(project, ["artifacts", "ls", "--json"])

    project.clear()
    await cli(project, ["run", "idle"])
    const undisturbed = await cli(project, ["artifacts", "ls", "--json"])
    const digests = ({ stdout }: { readonly stdout: string }) => stdout.match(/"[0-9a-f]{64}"/g)
    expect(digests(after)).toEqual(digests(undisturbed))
    expect(digests(after)).toHaveLength(4)
  })

  test("is shown as running while it runs", async () => {
    const { command } = await stuck("idle")
    expect(await states()).toEqual({
      status: "running",
      nodes: { first: "ran", long: "running", end: "pending", unrelated: "pending" }
    })
    command.signal("SIGINT")
    await command.finished
  })
})
