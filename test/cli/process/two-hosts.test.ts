/** Two hosts on one store: neither process numbers nor clocks of the other one are believed. */
import { hostname } from "node:os"
import { afterAll, beforeEach, expect, test } from "vitest"
import { cli, start } from "../../rig/cli.ts"
import { otherHost, startElsewhere } from "../../rig/elsewhere.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const project = new TestProject({
  "stages/numbers.ts": stages,
  "pipelines/waits.ts": pipeline(
    "waits",
    "return { one: slow({}, { seconds: params.seconds, value: 1, busy: false }) }",
    { params: "seconds: Schema.Finite", presets: "demo: { seconds: 4 }, forever: { seconds: 3600 }" }
  )
})
afterAll(() => project.remove())
beforeEach(() => project.clear())

test("a holder there, whose process number is nobody's here, is waited for and computes alone", async () => {
  const holder = startElsewhere(project, ["run", "waits"])
  await holder.says("run      one")
  const waiter = await cli(project, ["run", "waits"])
  expect((await holder.finished).code).toBe(0)
  expect(waiter.code).toBe(0)
  expect(waiter.stderr).toMatch(
    new RegExp(`^wait +one +computed by run \\S+, process \\d+ on ${otherHost}$`, "m")
  )
  expect(waiter.stderr).toMatch(/^cached +one /m)
  expect(project.starts()).toEqual({ one: 1 })
})

test("a holder here is waited for by a process there, whatever its clocks say", async () => {
  const holder = start(project, ["run", "waits"])
  await holder.says("run      one")
  const waiter = await startElsewhere(project, ["run", "waits"]).finished
  expect((await holder.finished).code).toBe(0)
  expect(waiter.code).toBe(0)
  expect(waiter.stderr).toMatch(
    new RegExp(`^wait +one +computed by run \\S+, process ${holder.pid} on ${hostname()}$`, "m")
  )
  expect(project.starts()).toEqual({ one: 1 })
})

test("a holder there that was killed is succeeded when its heartbeat has stood still for long enough", async () => {
  const args = ["run", "waits", "--preset", "forever"]
  const holder = startElsewhere(project, args)
  await holder.says("run      one")
  const heir = start(project, args)
  await heir.says("wait     one")
  holder.signal("SIGKILL", "group")
  await heir.says("run      one")
  heir.signal("SIGINT")
  expect((await heir.finished).code).toBe(130)
  expect(project.starts()).toEqual({ one: 2 })
})

test("a collection here leaves alone what a run there has made and goes on to use", async () => {
  await cli(project, ["run", "waits", "--set", "seconds=0.01"])
  const running = startElsewhere(project, ["run", "waits", "--set", "seconds=14"])
  await running.says("run      one")
  const { code, stdout } = await cli(project, ["artifacts", "gc", "--keep-runs", "0"])
  expect(code).toBe(0)
  expect(stdout).toContain("for 1 run")
  expect((await running.finished).code).toBe(0)
  expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)
}, 60_000)
