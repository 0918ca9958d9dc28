/** What is wrong with a command or a pipeline is said before anything runs: what, where, and the cure. */
import { afterAll, describe, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { pipeline, stages, TestProject } from "../../rig/project.ts"

const good = pipeline(
  "good",
  "const a = number({}, { value: params.n }); return { a, twice: scale({ of: a }, { by: 2 }) }",
  {
    params: `n: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 })),
    attack: Schema.Struct({ epsilon: Schema.Finite, mode: Schema.Literals(["fgsm", "pgd"]) })`,
    presets:
      'demo: { n: 1, attack: { epsilon: 0.1, mode: "fgsm" } }, quick: { n: 2, attack: { epsilon: 0.2, mode: "pgd" } }'
  }
)
const project = new TestProject({ "stages/numbers.ts": stages, "pipelines/good.ts": good })
afterAll(() => project.remove())

/** Standard error of a command that must fail as the user's mistake, with no run made of it. */
const complaint = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await cli(project, args)
  expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" })
  expect(project.runs()).toEqual([])
  return stderr
}

describe("a mistake on the command line", () => {
  const set = "`pipeline list` shows every param with its type and range"
  test.each([
    [["run", "god"], "there is no pipeline `god`", "did you mean `good`?"],
    [["plan", "god"], "there is no pipeline `god`", "did you mean `good`?"],
    [["run", "good", "--preset", "quik"], "good has no preset `quik`", "did you mean `quick`?"],
    [["run", "good", "--preset", "huge"], "good has no preset `huge`", "its presets are `demo`, `quick`"],
    [["run", "good", "--set", "m=1"], "good: there is no param `m`", "did you mean `n`?"],
    [
      ["run", "good", "--set", "attack.epsilo=1"],
      "good: there is no param `epsilo` in `attack`",
      "did you mean `epsilon`?"
    ],
    [
      ["run", "good", "--set", "attack.steps=1"],
      "good: there is no param `steps` in `attack`",
      "params in `attack`: `epsilon`, `mode`"
    ],
    [
      ["run", "good", "--set", "epsilom=1"],
      "good: there is no param `epsilom`",
      "did you mean `attack.epsilon`?"
    ],
    [
      ["run", "good", "--set", "n.x=1"],
      "good: there is no param `x` in `n`",
      "`n` has no parts; set it as a whole"
    ],
    [["run", "good", "--set", "n=many"], 'good: param `n`: Expected number, got "many"', set],
    [["run", "good", "--set", "n=1.5"], "good: param `n`: Expected an integer, got 1.5", set],
    [["run", "good", "--set", "n=11"], "good: param `n`: Expected a value between 1 and 10, got 11", set],
    [
      ["run", "good", "--set", "attack.mode=cw"],
      'good: param `attack.mode`: Expected "fgsm" | "pgd", got "cw"',
      set
    ],
    [
      ["run", "good", "--set", "n=0", "--set", "attack.epsilon=big"],
      'good:\n  param `n`: Expected a value between 1 and 10, got 0\n  param `attack.epsilon`: Expected number, got "big"',
      set
    ],
    [["run", "good", "--only", "twise"], "good has no node `twise`", "did you mean `twice`?"],
    [["run", "good", "--from", "twise"], "good has no node `twise`", "did you mean `twice`?"],
    [["run", "good", "--force", "twise"], "good has no node `twise`", "did you mean `twice`?"],
    [["run", "good", "--only", "nothing"], "good has no node `nothing`", "there are `a`, `twice`"],
    [
      ["run", "good", "--jobs", "0"],
      'Invalid value for flag --jobs: "0". Expected a value greater than 0',
      "pipeline run --help"
    ],
    [
      ["run", "good", "--set", "n"],
      'Invalid value for flag --set: "n". Expected name=value, such as `epsilon=0.1` or `attack.steps=40`',
      "pipeline run --help"
    ],
    [
      ["run", "good", "--data-dir", "/no/such"],
      "there is no directory /no/such, given by --data-dir or PIPELINE_DATA_DIR",
      "correct it; without it the data come from the cache or are downloaded"
    ],
    [["run"], "Missing required argument: pipeline", "pipeline run --help"],
    [["run", "good", "better"], 'Unexpected positional argument: "better"', "pipeline run --help"],
    [["show", "last"], "this store has no runs yet", "start one: pipeline run NAME"],
    [["diff", "last~1", "last"], "this store has no runs yet", "start one: pipeline run NAME"],
    [["artifacts", "ls"], "this store has no runs yet", "start one: pipeline run NAME"],
    [["artifacts", "pin", "x"], "this store has no runs yet", "start one: pipeline run NAME"]
  ])("%j: %s", async (args, message, hint) => {
    expect(await complaint(...args)).toBe(`error: ${message}\n\nhint: ${hint}\n`)
  })

  test("a command or flag that does not exist is answered with the nearest one and where help is", async () => {
    expect(await complaint("rn")).toMatch(
      /^error: Unknown subcommand "rn".*\n\nhint: did you mean `run`\?\nhint: pipeline --help\n$/
    )
    expect(await complaint("run", "good", "--keep-gong")).toMatch(
      /^error: Unrecognized flag: --keep-gong.*\n\nhint: did you mean `--keep-going`\?\nhint: pipeline run --help\n$/
    )
  })

  test("a run that does not exist is answered with the newest one", async () => {
    const other = new TestProject({ "stages/numbers.ts": stages, "pipelines/good.ts": good })
    try {
      await cli(other, ["run", "good"])
      const [last] = other.runs()
      for (const reference of ["1999", "last~7"])
        expect(await cli(other, ["show", reference])).toMatchObject({
          code: 1,
          stderr: `error: there is no run \`${reference}\`\n\nhint: \`pipeline runs\` lists the only one; the newest is \`${last}\`, or say \`last\`\n`
        })
    } finally {
      other.remove()
    }
  })
})

describe("a mistake in a pipeline's file", () => {
  const a = "return { a: number({}, { value: 1 }) }"
  const wrong = {
    cycle: pipeline(
      "cycle",
      "const terms = [number({}, { value: 1 })]; const total = sum({ terms }, {}); terms.push(total); return { total }"
    ),
    twins: pipeline(
      "twins",
      'const one = number({}, { value: 1 }); return { "a/b": one, a: { b: number({}, { value: 2 }) } }'
    ),
    nameless: pipeline("nameless", 'return { "--force": number({}, { value: 1 }) }'),
    empty: pipeline("empty", "return {}"),
    stray: pipeline("stray", "return { a: 3 }"),
    unlucky: pipeline("unlucky", 'throw new RangeError("no luck today")'),
    unready: pipeline("unready", a, {
      head: 'const check = (ready: boolean) => { if (!ready) throw new Error("not ready") }\ncheck(false)'
    }),
    fraction: pipeline("fraction", "return { a: number({}, { value: 1.5 }) }"),
    alias: pipeline("other", a),
    torn: "export default 3 +",
    thing: "export default { name: 'thing' }",
    bare: "export const pipeline = 1",
    gone: pipeline("gone", a, { head: 'import { x } from "../stages/gone.ts"\nx()' }),
    uninstalled: pipeline("uninstalled", a, { head: 'import x from "left-pad-of-old"\nx()' }),
    misspelt: pipeline("misspelt", a, { head: 'import { nmber } from "../stages/numbers.ts"\nnmber()' }),
    hidden: pipeline("hidden", "return { a: secret({}, {}) }", {
      head: 'const secret = Stage.make("secret", { inputs: {}, params: Schema.Struct({}), output: Table, *run() { return { title: "", columns: [], rows: [] } } })'
    }),
    namesake: pipeline("namesake", "return { a: number({}, { value: 1 }), b: again({}, {}) }", {
      head: 'export const again = Stage.make("number", { inputs: {}, params: Schema.Struct({}), output: Table, *run() { return { title: "", columns: [], rows: [] } } })'
    })
  }
  for (const [name, text] of Object.entries(wrong)) project.write(`pipelines/${name}.ts`, text)

  const correct =
    "correct the code; an import names a file with its extension, or a package that is installed"
  test.each([
    [
      "cycle",
      "cycle: nodes depend on each other in a circle: total → total",
      "a list or record was changed after it was passed to a stage; build it first, then pass it"
    ],
    [
      "twins",
      "twins: two nodes are called `a/b`",
      "give one of them another name in the record that `build` returns"
    ],
    [
      "nameless",
      'nameless: a node cannot be called "--force"',
      "use letters, digits and . _ + = , : - in names and in the keys of records"
    ],
    ["empty", "empty: it has no nodes", "`build` returns a record with at least one output"],
    [
      "stray",
      "stray: `a` is not what a stage returned",
      "`build` returns a record of outputs, lists and records of them"
    ],
    [
      "fraction",
      "fraction: node `a`: param `value`: Expected an integer",
      "correct what pipelines/fraction.ts passes to `number`"
    ],
    [
      "alias",
      "pipelines/alias.ts: its pipeline calls itself `other`",
      'a pipeline has its file\'s name: Pipeline.make("alias", …)'
    ],
    [
      "thing",
      "pipelines/thing.ts: its default export is not a pipeline",
      "end the file with `export default Pipeline.make(…)`"
    ],
    [
      "bare",
      "pipelines/bare.ts: its default export is not a pipeline",
      "end the file with `export default Pipeline.make(…)`"
    ],
    ["gone", "pipelines/gone: cannot find `../stages/gone.ts`, which pipelines/gone.ts imports", correct],
    [
      "uninstalled",
      "pipelines/uninstalled: cannot find `left-pad-of-old`, which pipelines/uninstalled.ts imports",
      correct
    ],
    [
      "hidden",
      "hidden: stage `secret` of node `a` is not exported by any module",
      "export it by name: a worker loads it from there"
    ],
    ["namesake", "namesake: two stages are called `number`", "give one of them another name in Stage.make"]
  ])("%s", async (name, message, hint) => {
    expect(await complaint("run", name)).toBe(`error: ${message}\n\nhint: ${hint}\n`)
  })

  test("a syntax error and a misspelt import are shown in their lines", async () => {
    const [torn, misspelt] = await Promise.all([complaint("run", "torn"), complaint("run", "misspelt")])
    expect(torn).toMatch(/^error: pipelines\/torn: Unexpected token\n.*\[ pipelines\/torn\.ts:1:/)
    expect(torn).toContain(" 1 │ export default 3 +")
    expect(misspelt).toMatch(/^error: pipelines\/misspelt: "nmber" is not exported by "stages\/numbers\.ts"/)
    expect(misspelt).toContain("[ pipelines/misspelt.ts:3:10 ]")
    for (const text of [torn, misspelt]) expect(text).toMatch(new RegExp(`\n\nhint: ${correct}\n$`))
  })

  test("what it throws is shown with the place in the source, and none in the program", async () => {
    const [unlucky = "", unready = ""] = await Promise.all([
      complaint("run", "unlucky"),
      complaint("run", "unready")
    ])
    const lines = (text: string) =>
      text
        .replaceAll(project.root, "")
        .replace(/ at .*?(?=\/pipelines)/g, " at ")
        .split("\n")
    expect(lines(unlucky)).toEqual([
      "error: pipelines/unlucky.ts: no luck today",
      expect.stringMatching(/^ {4}at \/pipelines\/unlucky\.ts:10:\d+\)?$/),
      "",
      "hint: `build` throws with these params; correct it or change them",
      ""
    ])
    expect(lines(unready)).toEqual([
      "error: pipelines/unready.ts: not ready",
      expect.stringMatching(/^ {4}at \/pipelines\/unready\.ts:3:\d+\)?$/),
      expect.stringMatching(/^ {4}at \/pipelines\/unready\.ts:4:\d+\)?$/),
      "",
      "hint: the file throws while it is loaded; correct it and try again",
      ""
    ])
  })

  test("plan, graph and --dry-run say the same", async () => {
    const [run, ...others] = await Promise.all(
      [["run"], ["plan"], ["graph"], ["run", "--dry-run"]].map((args) => complaint(...args, "twins"))
    )
    for (const other of others) expect(other).toBe(run)
  })
})

describe("a stage that reaches for what its key does not cover", () => {
  const reaching = (name: string, expression: string, head = "") => {
    project.write(
      `stages/${name}.ts`,
      `import { Effect, Schema, Stage, Table } from "advpipe"
${head}
export const ${name} = Stage.make("${name}", { inputs: {}, params: Schema.Struct({}), output: Table,
  *run() {
    const value = ${expression}
    return { title: "", columns: [{ name: "value", type: "number" as const }], rows: [[Number(value)]] }
  } })
`
    )
    project.write(
      `pipelines/${name}.ts`,
      pipeline(name, `return { a: ${name}({}, {}) }`, {
        head: `import { ${name} } from "../stages/${name}.ts"`
      })
    )
  }
  project.write("stages/coin.ts", "// A remark.\nexport const coin = () => Math.random() < 0.5\n")

  test.each([
    [
      "random",
      "Math.random()",
      "",
      "stages/random.ts:5:19: `Math.random`",
      "draw numbers from a seeded generator"
    ],
    ["now", "Date.now()", "", "stages/now.ts:5:19: `Date.now`", "a result must not depend on the time"],
    [
      "today",
      "new Date().getTime()",
      "",
      "stages/today.ts:5:19: `new Date()`",
      "a result must not depend on the time"
    ],
    [
      "env",
      'process.env["SEED"]',
      "",
      "stages/env.ts:5:19: `process.env`",
      "declare the variable in `environment`"
    ],
    [
      "file",
      'readFileSync("x").length',
      'import { readFileSync } from "node:fs"',
      "stages/file.ts:2: module `node:fs`",
      "declare the file in `files`"
    ],
    [
      "computed",
      'yield* Effect.promise(() => import(new Error("fast-png").message))',
      "",
      "stages/computed.ts:5:47: `import(…)`",
      "import code by a literal path"
    ],
    [
      // The minifier makes a literal of it, which nobody has followed.
      "folded",
      "yield* Effect.promise(() => import(String(1)))",
      "",
      "stages/folded.ts:5:47: `import(…)`",
      "import code by a literal path"
    ],
    [
      "shell",
      'yield* Effect.promise(() => import("node:child_process"))',
      "",
      "stages/shell.ts:5:47: module `node:child_process`",
      "import code by a literal path"
    ],
    [
      "tossed",
      "coin() ? 1 : 0",
      'import { coin } from "./coin.ts"',
      "stages/coin.ts:2:27: `Math.random`",
      "draw numbers from a seeded generator"
    ]
  ])("is refused, with file and line: %s", async (name, expression, head, use, hint) => {
    reaching(name, expression, head)
    const text = await complaint("run", name)
    // Files are for a stage to declare; all else no pipeline may reach either.
    const user = name === "file" ? "stage `file`" : `pipelines/${name} or a stage of it`
    const start = `error: ${user} uses what its cache key cannot cover:\n  ${use}\n\nhint: ${hint}`
    expect(text.slice(0, start.length)).toBe(start)
  })
})
