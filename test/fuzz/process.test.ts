/**
 * The program as a process, given words that nobody expects.
 *
 * `words.test.ts` tries many more of them on the commands' parsers alone. Here the whole program runs, with a store and a pipeline,
 * and writes: it has to end as documented, say what is wrong, and leave alone what no word names. `look` and `track serve` are
 * left out, for they go on until somebody ends them. `FUZZ_RUNS` sets how many inputs there are.
 */
import { mkdirSync, readdirSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { cli } from "../rig/cli.ts"
import { pipeline, stages, TestProject } from "../rig/project.ts"
import { runsOf, timeout } from "./fuzz.ts"

const good = pipeline(
  "good",
  "const a = number({}, { value: params.n }); return { a, twice: scale({ of: a }, { by: 2 }) }",
  { params: "n: Schema.Int", presets: "demo: { n: 1 }" }
)

const world = new TestProject()
// Deep enough that `../../x` is still in the world, where it is seen.
const directory = join(world.root, "home", "work", "project")
for (const [path, text] of Object.entries({ "stages/numbers.ts": stages, "pipelines/good.ts": good }))
  world.write(join("home/work/project", path), text)
const home = join(world.root, "home")
for (const name of ["cache", "tmp"]) mkdirSync(join(home, name))
afterAll(() => world.remove())

/** Everything in the world but what is the store's or lies beneath what one of the words names. */
const filesBut = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const named = words.flatMap((word) => [word, word.slice(word.indexOf("=") + 1)])
  const theirs = [
    join(directory, "artifacts"),
    ...named.filter((name) => name !== "").map((name) => resolve(directory, name))
  ]
  // Not the packages' link beside it, which leads into this repository.
  return (
    readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      // What Node keeps of code that it compiled, wherever it finds room.
      .filter((path) => !path.includes("/node-compile-cache/"))
      .filter((path) => !theirs.some((place) => path === place || path.startsWith(`${place}/`)))
      .map((path) => relative(home, path))
      .concat(readdirSync(world.root))
      .sort()
  )
}

const commands = [
  ...["run", "plan", "graph", "list", "stages", "runs", "show", "diff", "times", "report", "results", "init"],
  ...[
    "artifacts ls",
    "artifacts verify",
    "artifacts gc",
    "artifacts export",
    "artifacts pin",
    "artifacts unpin"
  ],
  ...["track status", "track sync", "", "rum"]
]
const flags = [
  ...[
    "--preset",
    "--set",
    "--only",
    "--from",
    "--force",
    "--jobs",
    "--keep-going",
    "--dry-run",
    "--data-dir"
  ],
  ...[
    "--offline",
    "--json",
    "--store",
    "--help",
    "--version",
    "--max-size",
    "--keep-runs",
    "--repair",
    "--run"
  ],
  ...["--engine", "--output", "--all", "--", "---", "-", "--__proto__", "-xyz", "--completions"]
]
const fitting = ["good", "n=2", "last", "last~1", "a", "twice", "demo", "1", "cpu"]
const odd = [
  ...[
    "",
    " ",
    ".",
    "-1",
    "1e9",
    "__proto__=1",
    "constructor.prototype.x=1",
    "=",
    "=x",
    "n=",
    "n=[",
    "2GB",
    "0"
  ],
  ...[
    "../../outside",
    "../../outside/x",
    "/dev/null/x",
    "/proc/none",
    "last~9999999",
    "a b",
    "a\nb",
    "$(id)",
    "*"
  ],
  ...["\u001b[2J", "\ud800", "\u202e", "x".repeat(300), "x".repeat(100_000), "[".repeat(30_000)]
]

const text = fc.string({ unit: "binary", maxLength: 12 })
const word = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(...flags) },
    { weight: 4, arbitrary: fc.constantFrom(...fitting) },
    { weight: 3, arbitrary: fc.constantFrom(...odd) },
    { weight: 1, arbitrary: text },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...flags), fc.oneof(fc.constantFrom(...fitting, ...odd), text))
        .map(([flag, value]) => `${flag}=${value}`)
    }
  )
  // The system itself takes no such word, and an absolute path would be one of this machine.
  .filter((drawn) => !drawn.includes("\0") && !/(^|=)\/(?!dev\/null\/|proc\/)/.test(drawn))

const argv = fc
  .tuple(fc.constantFrom(...commands), fc.array(word, { maxLength: 5 }))
  .map(([command, words]) => [...command.split(" ").filter((part) => part !== ""), ...words])

/** Characters that move a cursor, clear a screen, or worse; line feeds and tabs are none. */
const hasControls = (shown: string): boolean =>
  [...shown].some((character) => {
    const code = character.codePointAt(0) ?? 0
    return (code < 0x20 && !"\n\t".includes(character)) || code === 0x7f
  })

describe("the program, given hostile words", () => {
  it(
    "ends as documented, says what is wrong, and writes nothing that it was not told to",
    async () => {
      const codes = new Map<number | null, number>()
      const env = { HOME: home, XDG_CACHE_HOME: join(home, "cache"), TMPDIR: join(home, "tmp") }
      await fc.assert(
        fc.asyncProperty(argv, async (words) => {
          const before = filesBut(words)
          const { code, stdout, stderr } = await cli(world, words, { cwd: directory, env })
          codes.set(code, (codes.get(code) ?? 0) + 1)
          assert.include([0, 1], code, stderr)
          assert.notMatch(stderr, /internal error|^ {4}at /m)
          if (code === 1) assert.notStrictEqual(stdout + stderr, "")
          assert.isFalse(hasControls(stdout + stderr), JSON.stringify(stdout + stderr))
          assert.deepStrictEqual(filesBut(words), before)
        }),
        { numRuns: runsOf(40), seed: 20_261_121 }
      )
      if (process.env["FUZZ_RUNS"] !== undefined)
        process.stderr.write(`exit codes: ${JSON.stringify([...codes])}\n`)
      assert.isAbove(codes.get(0) ?? 0, 0)
      assert.isAbove(codes.get(1) ?? 0, 0)
    },
    timeout
  )
})
