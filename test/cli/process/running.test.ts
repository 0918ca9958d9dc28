/** `pipeline run` and `pipeline plan` as processes: what runs, what is cached, and why. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { cli, steady } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

// a --> double --> total, b --> total; aside stands alone.
const sums = pipeline(
  "sums",
  `const a = number({}, { value: params.a })
    const b = number({}, { value: params.deep.b })
    const double = scale({ of: a }, { by: 2 })
    return { a, b, double, total: sum({ terms: [double, b] }, {}), aside: number({}, { value: 99 }) }`,
  {
    params: "a: Schema.Int, deep: Schema.Struct({ b: Schema.Int })",
    presets: "demo: { a: 1, deep: { b: 2 } }, large: { a: 100, deep: { b: 200 } }"
  }
)

// good --> after, bad --> below --> deeper: half of it cannot be done.
const halves = pipeline(
  "halves",
  `const bad = broken({}, { how: "fails" })
    const below = scale({ of: bad }, { by: 2 })
    const good = slow({}, { seconds: 0.5, value: 1, busy: false })
    return { bad, below, deeper: scale({ of: below }, { by: 2 }), good, after: scale({ of: good }, { by: 3 }) }`
)

const project = new TestProject({
  "stages/numbers.ts": stages,
  "pipelines/sums.ts": sums,
  "pipelines/halves.ts": halves
})
afterAll(() => project.remove())

/** State and name of each node, as the lines on standard error tell them. */
const told = (stderr: string, ...words: ReadonlyArray<string>): ReadonlyArray<string> =>
  stderr
    .split("\n")
    .map((line) => line.split(/\s+/).slice(0, 2))
    .filter(([word = ""]) => words.includes(word))
    .map((parts) => parts.join(" "))
    .sort()

describe("a pipeline that was run", () => {
  beforeAll(async () => {
    project.clear()
    const { code, stdout, stderr } = await cli(project, ["run", "sums", "--jobs", "1"])
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(steady(stderr)).toBe(`plan sums: 5 nodes
run a never run before
info a made 1
done a digest TIME
metrics a value 1
run b never run before
info b made 2
done b digest TIME
metrics b value 2
run aside never run before
info aside made 99
done aside digest TIME
metrics aside value 99
run double never run before
done double digest TIME
run total never run before
done total digest TIME

5 run in TIME
track tracked here alone; to see runs in MLflow: pipeline track serve, then set MLFLOW_TRACKING_URI
`)
  })

  test("is all cached the second time", async () => {
    const { code, stdout, stderr } = await cli(project, ["run", "sums"])
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" })
    expect(steady(stderr)).toBe(`plan sums: 5 nodes
cached a digest
cached b digest
cached aside digest
cached double digest
cached total digest

5 cached in TIME, saved TIME
`)
  })

  test("runs only what depends on a changed param, and says which", async () => {
    const { code, stderr } = await cli(project, ["run", "sums", "--set", "deep.b=3"])
    expect(code).toBe(0)
    expect(told(stderr, "run", "cached")).toEqual([
      "cached a",
      "cached aside",
      "cached double",
      "run b",
      "run total"
    ])
    expect(steady(stderr)).toMatch(/^run b params\.value 2 → 3$/m)
    expect(steady(stderr)).toMatch(/^run total input terms\[1\] digest → digest$/m)
  })

  test("has all results still there when the param is changed back", async () => {
    const { stderr } = await cli(project, ["run", "sums"])
    expect(told(stderr, "run")).toEqual([])
  })

  test("takes every param from another preset, and --set on top of it", async () => {
    const { code } = await cli(project, ["run", "sums", "-p", "large", "--set", "a=7"])
    expect(code).toBe(0)
    expect(project.journal()[0]).toMatchObject({ preset: "large", params: { a: 7, deep: { b: 200 } } })
  })

  test("the last of two settings of one param counts", async () => {
    await cli(project, ["run", "sums", "--set", "a=5", "--set", "a=6"])
    expect(project.journal()[0]).toMatchObject({ params: { a: 6 } })
  })

  test("--only runs a node and what it needs, and nothing else", async () => {
    const { code, stderr } = await cli(project, ["run", "sums", "--set", "a=31", "--only", "double"])
    expect(code).toBe(0)
    expect(told(stderr, "run", "cached")).toEqual(["run a", "run double"])
  })

  test("--from takes a node, what depends on it, and what these need", async () => {
    const { stderr } = await cli(project, ["run", "sums", "--set", "a=32", "--from", "double"])
    expect(told(stderr, "run", "cached")).toEqual(["cached b", "run a", "run double", "run total"])
  })

  test("--force runs a node although it is cached; its followers stay cached, since its bytes are the same", async () => {
    await cli(project, ["run", "sums"])
    const { code, stderr } = await cli(project, ["run", "sums", "--force", "a"])
    expect(code).toBe(0)
    expect(told(stderr, "run")).toEqual(["run a"])
    expect(steady(stderr)).toMatch(/^run a forced$/m)
    expect(steady(stderr)).toMatch(/^done a digest TIME same artifact as before$/m)
  })

  test("--jobs 1 never runs two stages at a time", async () => {
    await cli(project, ["run", "sums", "--set", "a=41", "--set", "deep.b=42", "--jobs", "1"])
    let running = 0
    for (const { _tag } of project.journal()) {
      if (_tag === "NodeStarted") running++
      if (_tag === "NodeFinished") running--
      expect(running).toBeLessThanOrEqual(1)
    }
  })

  test("runs from a directory below the project's as well", async () => {
    const { code, stderr } = await cli(project, ["run", "sums"], { cwd: `${project.root}/stages` })
    expect({ code, runs: told(stderr, "run") }).toEqual({ code: 0, runs: [] })
  })

  test("has another store under --store and under PIPELINE_STORE, and the flag comes first", async () => {
    const store = `${project.root}/elsewhere`
    const { stderr } = await cli(project, ["run", "sums", "--only", "a"], { env: { PIPELINE_STORE: store } })
    expect(told(stderr, "run")).toEqual(["run a"])
    const again = await cli(project, ["run", "sums", "--only", "a", "--store", store], {
      env: { PIPELINE_STORE: `${project.root}/nowhere` }
    })
    expect(told(again.stderr, "run", "cached")).toEqual(["cached a"])
  })

  test("a code change runs the stage that has it and names the file", async () => {
    await cli(project, ["run", "sums"])
    project.write("stages/numbers.ts", stages.replace("valueOf(of) * by", "valueOf(of) * by * 1"))
    const { stdout } = await cli(project, ["plan", "sums"])
    expect(steady(stdout)).toMatch(/^run double TIME code: stages\/numbers\.ts$/m)
    expect(steady(stdout)).toMatch(/^maybe total TIME depends on `double`$/m)
    const { stderr } = await cli(project, ["run", "sums"])
    expect(told(stderr, "run")).toEqual(["run double"])

    // A comment is no change.
    project.write("stages/numbers.ts", `// A remark.\n${stages}`)
    expect(told((await cli(project, ["run", "sums"])).stderr, "run")).toEqual([])
  })
})

describe("plan", () => {
  beforeAll(async () => {
    project.clear()
    await cli(project, ["run", "sums"])
  })

  test("shows the first differing param by its path, with the old and the new value", async () => {
    const { code, stdout, stderr } = await cli(project, [
      "plan",
      "sums",
      "--set",
      "deep.b=5",
      "--force",
      "aside"
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(steady(stdout)).toBe(`sums, preset demo: 5 nodes

state node took why
cached a TIME
run b TIME params.value 2 → 5
cached double TIME
maybe total TIME depends on \`b\`
run aside TIME forced

2 cached, 2 run, 1 maybe; the last time these took TIME
`)
  })

  test("shows what is damaged", async () => {
    const records = project.files("actions")
    for (const record of records) project.write(record.slice(project.root.length + 1), "{")
    const { code, stdout } = await cli(project, ["plan", "sums"])
    expect(code).toBe(0)
    expect(steady(stdout)).toMatch(/^run a TIME its action record was damaged$/m)
    expect((await cli(project, ["run", "sums"])).code).toBe(0)
  })

  test("--dry-run prints the same and runs nothing", async () => {
    const runs = project.runs()
    const args = ["sums", "--set", "a=9"]
    const dry = await cli(project, ["run", ...args, "--dry-run"])
    expect(dry).toEqual(await cli(project, ["plan", ...args]))
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("params.value 1 → 9") })
    expect(project.runs()).toEqual(runs)
  })
})

describe("a node that fails", () => {
  beforeEach(() => project.clear())

  test("stops the launching of others, is told with its cure, and makes the exit code 1", async () => {
    const { code, stdout, stderr } = await cli(project, ["run", "halves", "--jobs", "1"])
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(steady(stderr)).toBe(`plan halves: 5 nodes
run bad never run before
fail bad no data today
skip below \`bad\` failed
skip deeper \`bad\` failed
skip good \`bad\` failed and the run stopped
skip after \`bad\` failed and the run stopped

hint: come back tomorrow

1 failed, 4 not started in TIME
`)
  })

  test("lets what already runs finish, and keeps its result", async () => {
    const { code } = await cli(project, ["run", "halves", "--jobs", "2"])
    expect(code).toBe(1)
    const finished = project.journal().filter(({ _tag }) => _tag === "NodeFinished")
    expect(finished).toMatchObject([{ node: "good" }])
    const { stderr } = await cli(project, ["run", "halves", "--only", "good"])
    expect(told(stderr, "cached", "run")).toEqual(["cached good"])
  })

  test("with --keep-going holds up only what depends on it", async () => {
    const { code, stderr } = await cli(project, ["run", "halves", "--jobs", "1", "--keep-going"])
    expect(code).toBe(1)
    expect(told(stderr, "done", "fail", "skip")).toEqual([
      "done after",
      "done good",
      "fail bad",
      "skip below",
      "skip deeper"
    ])
    const states = project.journal().filter(({ _tag }) => _tag === "NodeSkipped")
    expect(states).toMatchObject([
      { node: "below", because: "`bad` failed" },
      { node: "deeper", because: "`bad` failed" }
    ])
  })

  test("is never cached: the next run tries it again", async () => {
    await cli(project, ["run", "halves", "--only", "bad"])
    const { code } = await cli(project, ["run", "halves", "--only", "bad"])
    expect({ code, starts: project.starts() }).toEqual({ code: 1, starts: { bad: 2 } })
    expect(project.files("actions")).toEqual([])
  })
})
