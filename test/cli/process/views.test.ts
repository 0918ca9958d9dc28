/** The commands that look: their text, their JSON, their colours, their help. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { decodeRunView } from "../../../src/track/run-view.ts"
import { cli, steady } from "../../rig/cli.ts"
import { eventsIn, pipeline, stages, TestProject } from "../../rig/project.ts"

// a --> double --> total, b --> total
const sums = pipeline(
  "sums",
  `const a = number({}, { value: params.a })
    const double = scale({ of: a }, { by: 2 })
    return { a, double, total: sum({ terms: [double, number({}, { value: 7 })] }, {}) }`,
  { params: "a: Schema.Int", presets: "demo: { a: 1 }, large: { a: 100 }" }
)
const project = new TestProject({ "stages/numbers.ts": stages, "pipelines/sums.ts": sums })
afterAll(() => project.remove())

const out = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await cli(project, args)
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" })
  return stdout
}
const json = async (...args: ReadonlyArray<string>): Promise<unknown> =>
  JSON.parse(await out(...args, "--json"))

let live = ""
beforeAll(async () => {
  expect((await cli(project, ["run", "sums", "--jobs", "1"])).code).toBe(0)
  const { code, stdout, stderr } = await cli(project, ["run", "sums", "--set", "a=2", "--json"])
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  live = stdout
})

describe("--json", () => {
  test("of a run is one event per line, the very ones of its journal", () => {
    const events = eventsIn(live)
    expect(events.filter(({ _tag }) => _tag !== "Progress")).toEqual(project.journal())
    expect(events[0]).toMatchObject({ _tag: "RunStarted", pipeline: "sums", nodes: 4 })
    expect(events.at(-1)).toMatchObject({ _tag: "RunFinished", status: "done" })
  })

  test("of show is the run in full, in the form that the schema promises", async () => {
    const shown = await json("show", "last")
    expect(Result.isSuccess(decodeRunView(shown))).toBe(true)
    expect(shown).toMatchObject({
      id: project.runs().at(-1),
      pipeline: "sums",
      status: "done",
      params: { a: 2 },
      nodes: [
        { name: "a", stage: "number", state: "ran", reason: "params.value 1 → 2", metrics: { value: 2 } },
        { name: "double", stage: "scale", state: "ran", metrics: {} },
        { name: "total.terms.1", stage: "number", state: "cached" },
        { name: "total", stage: "sum", state: "ran" }
      ]
    })
    const hex = expect.stringMatching(/^[0-9a-f]{64}$/)
    const node = expect.objectContaining({ key: hex, digest: hex, seconds: expect.any(Number) })
    expect(shown).toMatchObject({ nodes: [node, node, node, node] })
  })

  test("of every other command is one document", async () => {
    const last = project.runs().at(-1)
    const [plan, graph, list, listed, found, runs, diff, ls, verify, gc, pin, unpin, doctor] =
      await Promise.all(
        [
          ["plan", "sums"],
          ["graph", "sums"],
          ["list"],
          ["list", "sums"],
          ["stages"],
          ["runs"],
          ["diff", "last~1", "last"],
          ["artifacts", "ls"],
          ["artifacts", "verify"],
          ["artifacts", "gc", "--dry-run"],
          ["artifacts", "pin", "last~1"],
          ["artifacts", "unpin", "last~1"],
          ["doctor"]
        ].map((args) => json(...args))
      )
    const decision = expect.objectContaining({ decision: "cached", reason: "" })
    expect(plan).toMatchObject({ pipeline: "sums", preset: "demo", params: { a: 1 } })
    expect(plan).toMatchObject({ nodes: [decision, decision, decision, decision] })
    expect(graph).toMatchObject({
      nodes: [{ name: "a", stage: "number", kind: "Table", inputs: {} }, {}, {}, {}]
    })
    expect(list).toEqual(expect.arrayContaining([expect.objectContaining({ name: "sums" })]))
    expect(listed).toMatchObject([{ name: "sums", defaultPreset: "demo", presets: { large: { a: 100 } } }])
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "scale", kind: "Table", inputs: { of: "Table" } })
      ])
    )
    expect(runs).toMatchObject([
      { id: last, status: "done", counts: { cached: 1, ran: 3 } },
      { status: "done" }
    ])
    expect(diff).toMatchObject({ params: [{ name: "a", a: 1, b: 2 }], onlyInA: [], onlyInB: [] })
    expect(ls).toMatchObject([{ node: "a", kind: "Table" }, {}, {}, {}])
    expect(verify).toMatchObject({ actions: 7, damage: [] })
    expect(gc).toMatchObject({ actions: 0, blobs: 0, dryRun: true })
    expect(pin).toEqual({ run: project.runs()[0], pinned: true })
    expect(unpin).toEqual({ run: project.runs()[0], pinned: false })
    expect(doctor).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: "store", state: "works" })])
    )
  })
})

describe("text", () => {
  test("show tells what a run did and why", async () => {
    expect(steady(await out("show", "last"))).toBe(`run RUN done
pipeline sums, preset demo
started WHEN

params
 a 2

node state time artifact size why
a ran TIME digest SIZE params.value 1 → 2
double ran TIME digest SIZE input of digest → digest
total.terms.1 cached digest SIZE saved TIME
total ran TIME digest SIZE input terms[0] digest → digest

metrics
 node metric value
 a value 2
 total.terms.1 value 7

1 cached, 3 run in TIME, saved TIME
`)
  })

  test("a run is found by the beginning of its identifier, and by how many runs ago it was", async () => {
    const [first = ""] = project.runs()
    const [byId = "", byStart = "", back = ""] = await Promise.all(
      [first, first.slice(0, -2), "last~1"].map((run) => out("show", run))
    )
    // Each says how long ago the run was, as of when it is asked.
    expect(steady(byStart)).toBe(steady(byId))
    expect(back.split("\n")[0]).toBe(byId.split("\n")[0])
    expect(byId).toContain(first)
  })

  test("runs lists the newest first", async () => {
    const [last, first] = project.runs().toReversed()
    const lines = (await out("runs")).trimEnd().split("\n")
    expect(lines).toHaveLength(3)
    expect(lines[1]).toContain(last)
    expect(lines[1]).toContain("1 cached, 3 ran")
    expect(lines[2]).toContain(first)
  })

  test("diff names what the newer run changed", async () => {
    const text = steady(await out("diff", "last~1", "last"))
    expect(text).toMatch(/a\W+1\W+2/)
    expect(text).toContain("double")
  })

  test("graph draws text, Mermaid and DOT, each with every node", async () => {
    const [text, mermaid, dot] = await Promise.all(
      ["text", "mermaid", "dot"].map((format) => out("graph", "sums", "-f", format))
    )
    for (const drawing of [text, mermaid, dot])
      for (const node of ["a", "double", "total.terms.1", "total"]) expect(drawing).toContain(node)
    expect(mermaid).toMatch(/^flowchart /)
    expect(dot).toMatch(/^digraph pipeline \{[\s\S]*\}\n$/)
  })

  test("list shows a pipeline's presets side by side", async () => {
    expect(await out("list", "sums")).toBe(`sums
  A test
  param  demo (default)  large
  a      1               100
`)
  })

  test("list shows every pipeline, even beside one that cannot be loaded", async () => {
    project.write("pipelines/torn.ts", "export default 3 +")
    const text = await out("list")
    project.write("pipelines/torn.ts", "export default 3")
    expect(text).toMatch(/^sums$/m)
    expect(text).toMatch(/^mnist-advtrain$/m)
    expect(text).toMatch(/^torn {2}cannot be loaded\n {2}pipelines\/torn: Unexpected token/m)
    expect(await out("list", "torn")).toContain("its default export is not a pipeline")
  })

  test("stages shows this project's stages and the built-in ones", async () => {
    const text = await out("stages")
    expect(text).toMatch(/^scale → Table\n +input +of +Table\n +param +by +integer$/m)
    expect(text).toMatch(/^load-mnist → Dataset$/m)
  })

  test("doctor says what works", async () => {
    const text = await out("doctor")
    expect(text).toMatch(/^works +program +advpipe /m)
    expect(text).toMatch(/^works +worker /m)
    expect(text).toContain(project.store)
  })
})

describe("artifacts", () => {
  test("export copies a node's files out, and overwrites nothing", async () => {
    const target = join(project.root, "exported")
    const path = join(target, "table.json")
    expect(await out("artifacts", "export", "total", target)).toBe(`${path}\n`)
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ rows: [[11]] })

    const again = await cli(project, ["artifacts", "export", "total", target])
    expect(again).toMatchObject({ code: 1, stdout: "" })
    expect(again.stderr).toContain(`error: ${path} exists already\n\nhint: `)
  })

  test("export takes another run, and the beginning of a digest", async () => {
    const target = join(project.root, "older")
    await out("artifacts", "export", "total", target, "--run", "last~1")
    expect(JSON.parse(readFileSync(join(target, "table.json"), "utf8"))).toMatchObject({ rows: [[9]] })
    const line = (await out("artifacts", "ls")).split("\n").find((each) => each.startsWith("total "))
    const digest = line?.trim().split(/\s+/).at(-1) ?? ""
    await out("artifacts", "export", digest.slice(0, 12), join(project.root, "by-digest"))
    expect(existsSync(join(project.root, "by-digest/table.json"))).toBe(true)
  })

  test("export of what does not exist names what there is", async () => {
    const { code, stderr } = await cli(project, ["artifacts", "export", "totl", join(project.root, "no")])
    expect({ code, stderr: steady(stderr) }).toEqual({
      code: 1,
      stderr:
        "error: run RUN (sums, done) has no artifact `totl`\n\nhint: did you mean `total`? `--run RUN` takes another run's, and `pipeline runs` lists them\n"
    })
  })

  test("ls knows the sizes of what was cached as well", async () => {
    const sizes = (found: unknown) =>
      Array.isArray(found) ? found.map(({ node, bytes }) => [node, bytes]) : found
    const before = sizes(await json("artifacts", "ls"))
    expect((await cli(project, ["run", "sums", "--set", "a=2"])).stderr).toContain("4 cached")
    expect(before).toEqual([
      ["a", expect.any(Number)],
      ["double", expect.any(Number)],
      ["total.terms.1", expect.any(Number)],
      ["total", expect.any(Number)]
    ])
    expect(sizes(await json("artifacts", "ls"))).toEqual(before)
  })

  test("gc keeps what the newest runs and pinned ones need, and frees the rest", async () => {
    const other = new TestProject({ "stages/numbers.ts": stages, "pipelines/sums.ts": sums })
    try {
      const run = (a: number) => cli(other, ["run", "sums", "--set", `a=${a}`])
      for (const a of [1, 2, 3]) await run(a)
      await cli(other, ["artifacts", "pin", "last~2"])
      const { stdout } = await cli(other, ["artifacts", "gc", "--keep-runs", "1"])
      expect(stdout).toMatch(
        /^removed 3 action records and \d+ blobs, 1 run, .*; kept 7 records and \d+ blobs for 2 runs\n$/
      )

      // The pinned one and the newest one are whole, the one between them is gone.
      for (const [a, ran] of [
        [1, 0],
        [3, 0],
        [2, 3]
      ] as const) {
        await run(a)
        expect(other.journal().filter(({ _tag }) => _tag === "NodeStarted")).toHaveLength(ran)
      }
    } finally {
      other.remove()
    }
  })
})

describe("help", () => {
  const commands = [
    [],
    ...["run", "plan", "graph", "list", "stages", "runs", "show", "diff", "results"].map((name) => [name]),
    ...["times", "report", "look", "doctor", "init"].map((name) => [name]),
    ["artifacts"],
    ...["ls", "export", "verify", "gc", "pin", "unpin"].map((name) => ["artifacts", name]),
    ["track"],
    ...["sync", "status", "serve"].map((name) => ["track", name])
  ]

  test("every command's help has an example, on standard output", async () => {
    const texts = await Promise.all(commands.map((command) => out(...command, "--help")))
    for (const [index, command] of commands.entries())
      expect(texts[index], command.join(" ")).toMatch(/^EXAMPLES\n {2}# .+\n {2}pipeline /m)
    // Nothing is left out above.
    const [root = ""] = texts
    const named = [...(root.split("SUBCOMMANDS\n")[1] ?? "").matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name)
    for (const name of named.filter((each) => each !== "pipeline"))
      expect(commands.map(([first]) => first)).toContain(name)
  })

  test("--version is that of the package", async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"))
    expect(await out("--version")).toBe(`pipeline v${version}\n`)
  })

  test.each([
    ["bash", "complete "],
    ["zsh", "#compdef pipeline"],
    ["fish", "complete -c pipeline"]
  ])("there are completions for %s", async (shell, start) => {
    const script = await out("--completions", shell)
    expect(script).toContain(start)
    for (const name of ["keep-going", "artifacts", "export"]) expect(script).toContain(name)
  })
})

describe("colours", () => {
  const ESC = String.fromCharCode(27)
  const run = (env: { readonly [name: string]: string }) => cli(project, ["run", "sums"], { env })
  const show = (env: { readonly [name: string]: string }) => cli(project, ["show", "last"], { env })

  test("a pipe gets no escape sequences, whatever kind of terminal is claimed", async () => {
    for (const { stdout, stderr } of await Promise.all([run({ TERM: "xterm-256color" }), show({})]))
      expect(stdout + stderr).not.toContain(ESC)
  })

  test("FORCE_COLOR colours a pipe, and NO_COLOR comes before it", async () => {
    const [forced, shown, forbidden] = await Promise.all([
      run({ FORCE_COLOR: "1" }),
      show({ FORCE_COLOR: "1" }),
      run({ FORCE_COLOR: "1", NO_COLOR: "1" })
    ])
    expect(forced.stderr).toContain(`${ESC}[2mcached`)
    expect(shown.stdout).toContain(`${ESC}[`)
    expect(forbidden.stderr).not.toContain(ESC)
  })

  test("help and complaints follow the same rules", async () => {
    const [help, mistake, quiet] = await Promise.all([
      cli(project, ["--help"], { env: {} }),
      cli(project, ["run", "sum"], { env: { FORCE_COLOR: "1" } }),
      cli(project, ["run", "sum"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })
    ])
    expect(help.stdout).not.toContain(ESC)
    expect(mistake.stderr).toContain(`${ESC}[31merror:`)
    expect(quiet.stderr).not.toContain(ESC)
  })
})
