/** Runs and an MLflow server: what people are told, and what is there afterwards, whatever happened meanwhile. */
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { BadNetwork } from "../../rig/bad-network.ts"
import { type CliOptions, cli, start, until } from "../../rig/cli.ts"
import { freePort, MlflowServer, mlflowPython, withoutMlflow } from "../../rig/mlflow-server.ts"
import { TestProject } from "../../rig/project.ts"
import {
  allEvents,
  journalPoints,
  type SeenRun,
  seenRuns,
  serverPoints,
  trackedFiles
} from "../../rig/tracked-project.ts"

const project = new TestProject(trackedFiles)
afterAll(() => project.remove())
beforeEach(() => project.clear())

const command = (args: ReadonlyArray<string>, env: CliOptions["env"] = {}) => cli(project, args, { env })

const trackLines = (stderr: string): ReadonlyArray<string> =>
  stderr.split("\n").filter((line) => line.startsWith("track "))

interface Status {
  readonly state: string
  readonly outstanding: { readonly events: number; readonly points: number; readonly bytes: number }
  readonly problem?: { readonly message: string; readonly hint: string }
}

const status = async (env: CliOptions["env"]): Promise<ReadonlyArray<Status>> =>
  JSON.parse((await command(["track", "status", "--json"], env)).stdout)

describe("a run without a server", () => {
  test("says once, when it computed something, that it is kept here and how to see it in MLflow", async () => {
    const first = await command(["run", "curves"])
    expect(first.code).toBe(0)
    expect(trackLines(first.stderr)).toEqual([expect.stringContaining("pipeline track serve")])
    expect(trackLines((await command(["run", "curves"])).stderr)).toEqual([])
    const json = await command(["run", "curves", "--set", "points=3", "--json"])
    expect(json.stdout + json.stderr).not.toMatch(/track serve/)
    expect(
      json.stdout
        .trim()
        .split("\n")
        .every((line) => line.startsWith("{"))
    ).toBe(true)
  })

  test("`track sync` says that no server is named, `track status` that nothing was sent", async () => {
    await command(["run", "curves"])
    const sync = await command(["track", "sync"])
    expect(sync.code).toBe(1)
    expect(sync.stderr).toMatch(/MLFLOW_TRACKING_URI is not set[\s\S]*hint: export MLFLOW_TRACKING_URI/)
    expect((await command(["track", "status"])).stdout).toMatch(/no run was sent/)
  })
})

describe("a server that cannot be used", () => {
  test.each([
    ["nobody listens", async () => `http://127.0.0.1:${await freePort()}`, /could not .*ECONNREFUSED/i],
    ["a database is named", async () => "sqlite:///mlflow.db", /MLFLOW_TRACKING_URI/],
    ["a word is named", async () => "databricks", /MLFLOW_TRACKING_URI/]
  ])("costs a run nothing but a warning: %s", async (_, address, message) => {
    const env = { MLFLOW_TRACKING_URI: await address() }
    const { code, stdout, stderr } = await command(["run", "curves", "--set", "seconds=1.5"], env)
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    const warnings = trackLines(stderr)
    expect(warnings[0]).toMatch(message)
    // At once, not when it is over.
    expect(stderr.indexOf(warnings[0] ?? "")).toBeLessThan(stderr.indexOf("done "))
    expect(warnings.at(-1)).toMatch(/pipeline track sync \d/)
  })

  test("is told before anything is computed where the settings say enough", async () => {
    const expectFirst = async (env: CliOptions["env"], message: RegExp) => {
      const address = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${await freePort()}` }
      const only = ["--only", "both", "--force", "a", "--track-wait", "0"]
      const { code, stderr } = await command(["run", "curves", ...only], { ...address, ...env })
      expect(code).toBe(0)
      expect(trackLines(stderr)[0]).toMatch(message)
      expect(stderr.indexOf("track ")).toBeLessThan(stderr.indexOf("run  "))
    }
    const file = join(project.root, "pipelines", "curves.ts")
    await expectFirst(
      { MLFLOW_TRACKING_CLIENT_CERT_PATH: file },
      /MLFLOW_TRACKING_CLIENT_CERT_PATH names .*curves\.ts.* no certificate.*name a PEM file/
    )
    await expectFirst(
      { PIPELINE_MLFLOW_REGISTER: "c=digits" },
      /PIPELINE_MLFLOW_REGISTER: the plan has no node `c`/
    )
    await expectFirst({ PIPELINE_MLFLOW_REGISTER: "a=digits" }, /node `a` makes no model but .* Table/)
    await expectFirst({ PIPELINE_MLFLOW_REGISTER: "a" }, /PIPELINE_MLFLOW_REGISTER: `a` does not read/)
  })

  test("is told of a run that finds everything in the cache too", async () => {
    await command(["run", "curves"])
    const env = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${await freePort()}`, PIPELINE_TRACK_WAIT: "60" }
    const { code, stderr } = await command(["run", "curves"], env)
    expect(code).toBe(0)
    const [problem, last] = trackLines(stderr)
    expect(problem).toMatch(/ECONNREFUSED/i)
    expect(last).toMatch(/pipeline track sync \d/)
  })

  test("leaves everything in the journal: `track status` counts it and says why", async () => {
    const env = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${await freePort()}` }
    await command(["run", "curves", "--set", "points=7", "--track-wait", "0"], env)
    const points = project.journal().filter(({ _tag }) => _tag === "Metric").length
    expect(points).toBe(17)
    const [only] = await status(env)
    expect(only).toMatchObject({
      outstanding: { events: project.journal().length, points, bytes: expect.any(Number) }
    })
    // The command did not wait for the uploader, which may only be about to find out.
    await until(async () => (await status(env))[0]?.problem !== undefined, "the uploader's problem")
    const [after] = await status(env)
    expect(after?.problem?.message).toMatch(/ECONNREFUSED/i)
    expect(after?.outstanding).toEqual(only?.outstanding)
    // The uploader waits for its server a while longer; somebody who asks is told so and need not wait with it.
    const sync = await command(["track", "sync"], env)
    expect(sync).toMatchObject({ code: 0, stdout: expect.stringContaining("by another uploader") })
  })

  test("`track sync` tries a few times, and then says what to do", async () => {
    await command(["run", "curves"])
    const env = {
      MLFLOW_TRACKING_URI: `http://127.0.0.1:${await freePort()}`,
      MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: "0.1",
      MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: "0"
    }
    const { code, stderr } = await command(["track", "sync"], env)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^error: 1 run could not be sent whole: .*ECONNREFUSED.*\n\nhint: .*/)
    })
  })
})

const live = describe.skipIf(mlflowPython === undefined)

live(`a real server${withoutMlflow}`, { timeout: 240_000 }, () => {
  let server: MlflowServer
  let network: BadNetwork
  let env: { readonly [name: string]: string } = {}
  let experiment = ""
  let count = 0

  beforeAll(async () => {
    server = await MlflowServer.start()
    network = await BadNetwork.start(() => server.address)
  }, 180_000)
  afterAll(() => {
    network?.close()
    server?.remove()
  })
  beforeEach(() => {
    experiment = `tracking ${process.pid} ${count++}`
    env = {
      MLFLOW_TRACKING_URI: network.address,
      MLFLOW_EXPERIMENT_NAME: experiment,
      PIPELINE_TRACK_WAIT: "60"
    }
    network.mishap = () => undefined
  })

  const seen = () => seenRuns(server, experiment)
  const roots = (runs: ReadonlyArray<SeenRun>) =>
    runs.filter(({ tags }) => tags["mlflow.parentRunId"] === undefined)
  const child = (runs: ReadonlyArray<SeenRun>, node: string): SeenRun | undefined =>
    runs.find(({ tags }) => tags["advpipe.node"] === node)

  /** Sends the rest; then the server has every point of the journals once, and no run twice. */
  const expectWhole = async (): Promise<ReadonlyArray<SeenRun>> => {
    const sync = await command(["track", "sync"], env)
    expect(sync).toMatchObject({ code: 0 })
    const runs = await seen()
    expect(serverPoints(runs)).toEqual(journalPoints(allEvents(project)))
    const keys = runs.map(({ tags }) => tags["advpipe.run_key"])
    expect(new Set(keys).size).toBe(keys.length)
    expect(runs.map(({ status }) => status)).not.toContain("RUNNING")
    return runs
  }

  /** No file of the store and nothing that was printed has a secret in it. */
  const expectNowhere = (secret: string, ...printed: ReadonlyArray<string>) => {
    for (const text of printed) expect(text).not.toContain(secret)
    const files = [
      ...project.files("runs"),
      ...project.files("leases"),
      ...project.files("tmp"),
      ...project.files("actions")
    ]
    for (const file of files) expect(readFileSync(file).includes(secret), file).toBe(false)
  }

  test("shows a run as the journal has it: nested, with params, curves, states, files", async () => {
    const run = await command(["run", "curves", "--set", "points=2500"], env)
    expect(run.code).toBe(0)
    const runs = await expectWhole()
    const [root] = roots(runs)
    expect(runs).toHaveLength(4)
    expect(root).toMatchObject({
      status: "FINISHED",
      params: { points: "2500", seconds: "0" },
      tags: { "advpipe.pipeline": "curves", "advpipe.preset": "demo", "mlflow.user": expect.any(String) }
    })
    expect(root?.artifacts).toContain("plan.json")
    expect(root?.points["both/count"]).toHaveLength(1)
    expect(trackLines(run.stderr)).toEqual([
      expect.stringContaining(`${network.address}/#/experiments/`) && expect.stringContaining(root?.id ?? "")
    ])
    for (const node of ["a", "b", "both"])
      expect(child(runs, node)).toMatchObject({
        name: node,
        status: "FINISHED",
        tags: {
          "mlflow.parentRunId": root?.id,
          "advpipe.cached": "false",
          "advpipe.digest": expect.stringMatching(/^[0-9a-f]{64}$/)
        }
      })
    expect(child(runs, "a")).toMatchObject({ params: { points: "2500", seconds: "0", seed: "1" } })
    expect(child(runs, "a")?.points["loss"]).toHaveLength(2500)
    expect(child(runs, "a")?.points["odd"]).toEqual([expect.stringMatching(/^0 \d+ nan$/)])

    const again = await command(["run", "curves", "--set", "points=2500"], env)
    expect(again.code).toBe(0)
    expect(await command(["track", "sync"], env)).toMatchObject({ code: 0 })
    const second = (await seen()).filter(({ id }) => !runs.some((run) => run.id === id))
    expect(second).toHaveLength(4)
    expect(trackLines(again.stderr)).toEqual([expect.stringContaining(roots(second)[0]?.id ?? "no run")])
    expect(child(second, "a")).toMatchObject({
      status: "FINISHED",
      tags: { "advpipe.cached": "true", "advpipe.computed_by": child(runs, "a")?.id }
    })
    expect(child(second, "both")?.points["count"]).toEqual([expect.stringMatching(/ 2\.0$/)])

    const links: ReadonlyArray<{ readonly mlflow: ReadonlyArray<{ readonly url: string }> }> = JSON.parse(
      (await command(["runs", "--mlflow", "--json"])).stdout
    )
    expect(links.map(({ mlflow }) => mlflow[0]?.url).toReversed()[0]).toContain(root?.id)
    expect((await command(["diff", "last~1", "last", "--mlflow"])).stdout).toMatch(
      /side by side {2}http.*compare-runs/
    )
    expect((await command(["show", "last", "--mlflow"])).stdout).toMatch(/http.*\/runs\//)
  })

  test("an interrupted run is KILLED, and the run that takes it up goes on in the same MLflow run", async () => {
    const running = start(project, ["run", "curves", "--set", "seconds=5"], { env })
    await running.says("run      a")
    await until(() => project.journal().some(({ _tag }) => _tag === "Metric"), "a point")
    running.signal("SIGINT", "group")
    expect((await running.finished).code).toBe(130)
    const runs = await expectWhole()
    expect(roots(runs)).toMatchObject([{ status: "KILLED" }])
    expect(child(runs, "a")).toMatchObject({ status: "KILLED" })

    expect((await command(["run", "curves", "--set", "seconds=5"], env)).code).toBe(0)
    const resumed = await expectWhole()
    expect(resumed).toHaveLength(4)
    expect(roots(resumed)).toMatchObject([{ id: roots(runs)[0]?.id, status: "FINISHED" }])
    expect(child(resumed, "a")).toMatchObject({ id: child(runs, "a")?.id, status: "FINISHED" })
  })

  test("`track sync` does not wait for a run that goes on, and takes no part in it", async () => {
    const running = start(project, ["run", "curves", "--set", "seconds=300"], { env })
    await until(() => uploader() !== undefined, "the uploader")
    for (const which of ["--all", "last"]) {
      const { code, stdout } = await command(["track", "sync", which], env)
      expect(code).toBe(0)
      expect(stdout).toMatch(/\blive\b[\s\S]*by another uploader/)
    }
    running.signal("SIGINT", "group")
    expect((await running.finished).code).toBe(130)
    expect(roots(await expectWhole())).toHaveLength(1)
  })

  test("500s, 429s, cut connections and stalls: everything arrives, and nothing twice", async () => {
    network.mishap = ({ number, path }) => {
      if (path === "/version") return undefined
      switch (number % 13) {
        case 1:
          return {
            status: 500,
            headers: { "content-type": "application/json" },
            body: '{"error_code":"INTERNAL_ERROR"}'
          }
        case 4:
          return "cut after"
        case 9:
          return { status: 429, headers: { "retry-after": "1" } }
        case 6:
          return "cut before"
        case 11:
          return { waitMillis: 1500 }
        default:
          return undefined
      }
    }
    const harsh = { ...env, MLFLOW_HTTP_REQUEST_TIMEOUT: "1", PIPELINE_TRACK_WAIT: "0" }
    expect((await command(["run", "curves", "--set", "points=2500", "--set", "seconds=2"], harsh)).code).toBe(
      0
    )
    expect((await command(["track", "sync"], harsh)).code).toBe(0)
    network.mishap = () => undefined
    expect(await expectWhole()).toHaveLength(4)
  })

  test("an uploader that is killed in mid-run costs nothing", async () => {
    const running = start(project, ["run", "curves", "--set", "seconds=4"], { env })
    await until(() => uploader() !== undefined, "the uploader")
    await new Promise((resolve) => setTimeout(resolve, 1500))
    process.kill(uploader() ?? 0, "SIGKILL")
    const { code, stderr } = await running.finished
    expect(code).toBe(0)
    expect(trackLines(stderr).at(-1)).toMatch(/pipeline track sync/)
    expect(await expectWhole()).toHaveLength(4)
  })

  /** The process that sends a run, as its lease has it. */
  const uploader = (): number | undefined => {
    for (const file of project.files("leases")) {
      const lease = /"pid":(\d+),.*"purpose":"tracking of/.exec(readFileSync(file, "utf8"))
      if (lease !== null) return Number(lease[1])
    }
    return undefined
  }

  test("wrong credentials are told at once, secrets stay out of every file, and the right ones send the rest", async () => {
    const [right, wrong] = ["right-token-7c1f", "wrong-token-93ab"]
    network.mishap = ({ authorization }) =>
      authorization === `Bearer ${right}` ? undefined : { status: 401, body: `who is ${authorization}?` }
    const badly = { ...env, MLFLOW_TRACKING_TOKEN: wrong }
    const run = await command(["run", "curves"], badly)
    expect(run.code).toBe(0)
    expect(trackLines(run.stderr)[0]).toMatch(/MLFLOW_TRACKING_TOKEN/)
    const failed = await command(["track", "sync", "--json"], badly)
    expect(failed.code).toBe(1)
    expectNowhere(wrong, run.stdout, run.stderr, failed.stdout, failed.stderr)
    env = { ...env, MLFLOW_TRACKING_TOKEN: right }
    expect(await expectWhole()).toHaveLength(4)
    const told = await command(["track", "status", "--json"], env)
    expectNowhere(right, told.stdout, told.stderr)

    const password = "s3cret-pass"
    const inAddress = {
      ...badly,
      MLFLOW_TRACKING_TOKEN: "",
      MLFLOW_TRACKING_URI: network.address.replace("//", `//ada:${password}@`)
    }
    const last = await command(["run", "curves", "--set", "points=5"], inAddress)
    expect(last.code).toBe(0)
    expectNowhere(password, last.stdout, last.stderr)
  })

  test("an experiment that is deleted meanwhile is not taken out of the trash; restored, it gets the rest", async () => {
    const running = start(project, ["run", "curves", "--set", "seconds=25"], { env })
    const id = async (): Promise<unknown> =>
      server.python(
        "import sys, json, mlflow; e = mlflow.MlflowClient().get_experiment_by_name(sys.argv[1]); print(json.dumps(e.experiment_id if e else None))",
        experiment
      )
    let found: unknown = null
    // As long as the run goes on; on a busy machine, its uploader and each look take seconds.
    for (let tries = 0; found === null && tries < 20; tries++) found = await id()
    const change = (what: "delete" | "restore") =>
      server.python(
        `import sys, mlflow; mlflow.MlflowClient().${what}_experiment(sys.argv[1]); print(1)`,
        String(found)
      )
    await change("delete")
    const { code, stderr } = await running.finished
    expect(code).toBe(0)
    expect(stderr).toMatch(/restore/)
    await change("restore")
    expect(await expectWhole()).toHaveLength(4)
  })

  test("a server killed and started again in mid-run gets everything; one with an empty database too", async () => {
    const running = start(project, ["run", "curves", "--set", "seconds=6"], { env })
    await until(() => project.journal().some(({ _tag }) => _tag === "Metric"), "a point")
    await new Promise((resolve) => setTimeout(resolve, 2000))
    await server.kill()
    const { code } = await running.finished
    expect(code).toBe(0)
    await server.restart()
    const runs = await expectWhole()
    expect(runs).toHaveLength(4)

    await server.kill()
    for (const file of ["mlflow.db", "mlflow.db-wal", "mlflow.db-shm"])
      rmSync(join(server.directory, file), { force: true })
    await server.restart()
    const anew = await expectWhole()
    expect(anew).toHaveLength(4)
    expect(anew.map(({ id }) => id)).not.toContain(roots(runs)[0]?.id)
  })
})
