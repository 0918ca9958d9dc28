/** Two processes on one store: what both need is computed once. */
import { afterAll, beforeEach, expect, test } from "vitest"
import { cli, start } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const shared = pipeline(
  "shared",
  `const parts = [1, 2, 3, 4].map((value) => slow({}, { seconds: 0.2, value, busy: false }))
    return { parts, total: sum({ terms: parts }, {}) }`
)
const waits = pipeline(
  "waits",
  "return { one: slow({}, { seconds: params.seconds, value: 1, busy: false }) }",
  {
    params: "seconds: Schema.Finite",
    presets: "demo: { seconds: 2 }, forever: { seconds: 3600 }"
  }
)
const project = new TestProject({
  "stages/numbers.ts": stages,
  "pipelines/shared.ts": shared,
  "pipelines/waits.ts": waits
})
afterAll(() => project.remove())
beforeEach(() => project.clear())

test("every key is computed exactly once, whoever comes first", async () => {
  const args = ["run", "shared", "--jobs", "2"]
  const finished = await Promise.all([1, 2, 3].map(() => cli(project, args)))
  expect(finished.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(project.runs()).toHaveLength(3)
  expect(project.starts()).toEqual({ "parts/0": 1, "parts/1": 1, "parts/2": 1, "parts/3": 1, total: 1 })

  // All three have all five results, the same ones.
  const results = project
    .runs()
    .map((id) =>
      Object.fromEntries(
        project
          .journal(id)
          .flatMap((event) =>
            event._tag === "NodeFinished" || event._tag === "NodeCached" ? [[event.node, event.digest]] : []
          )
      )
    )
  expect(Object.keys(results[0] ?? {})).toHaveLength(5)
  expect(results[1]).toEqual(results[0])
  expect(results[2]).toEqual(results[0])
})

test("the waiter says whom it waits for, and takes the result", async () => {
  const holder = start(project, ["run", "waits"])
  await holder.says("run      one")
  const waiter = await cli(project, ["run", "waits"])
  expect((await holder.finished).code).toBe(0)
  expect(waiter.code).toBe(0)
  const [first] = project.runs()
  expect(waiter.stderr).toMatch(
    new RegExp(`^wait +one +computed by run ${first}, process ${holder.pid} on `, "m")
  )
  expect(waiter.stderr).toMatch(/^cached +one /m)
  expect(project.starts()).toEqual({ one: 1 })
})

test("a holder that is killed is succeeded at once: nobody waits for a dead process", async () => {
  const args = ["run", "waits", "--preset", "forever"]
  const holder = start(project, args)
  await holder.says("run      one")
  const heir = start(project, args)
  await heir.says("wait     one")
  holder.signal("SIGKILL")
  await holder.finished
  await heir.says("run      one")
  heir.signal("SIGINT")
  expect((await heir.finished).code).toBe(130)
  expect(project.starts()).toEqual({ one: 2 })
})

test("a waiter can be interrupted, and the holder does not notice", async () => {
  const holder = start(project, ["run", "waits"])
  await holder.says("run      one")
  const waiter = start(project, ["run", "waits"])
  await waiter.says("wait     one")
  waiter.signal("SIGINT", "group")
  expect((await waiter.finished).code).toBe(130)
  expect((await holder.finished).code).toBe(0)
})

test("garbage is not collected from under a run that is alive", async () => {
  await cli(project, ["run", "shared"])
  // Long enough to be alive until the collection has begun, however busy the machine is.
  const running = start(project, ["run", "waits", "--set", "seconds=10"])
  await running.says("run      one")
  const { code } = await cli(project, ["artifacts", "gc", "--keep-runs", "0"])
  expect(code).toBe(0)
  expect((await running.finished).code).toBe(0)
  expect((await cli(project, ["artifacts", "verify"])).code).toBe(0)
  const { stderr } = await cli(project, ["run", "waits", "--set", "seconds=10"])
  expect(stderr).toMatch(/^cached +one /m)
})
