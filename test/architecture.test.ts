/** The rooms and the arrows between them. docs/architecture.md explains the table. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const root = join(import.meta.dirname, "..")

/** Which rooms a room may import from, besides itself. A room that is not named here does not exist. */
const arrows: { readonly [room: string]: ReadonlyArray<string> } = {
  "src/cli": [
    "src/plan",
    "src/schedule",
    "src/stage",
    "src/artifact",
    "src/track",
    "src/track/mlflow",
    "src/track/content",
    "src/track/upload",
    "src/worker",
    "src/tensor",
    "src/data",
    "src/figure",
    "src/report",
    "src/text"
  ],
  "src/schedule": ["src/plan", "src/stage", "src/artifact", "src/track", "src/worker"],
  "src/plan": ["src/stage", "src/artifact", "src/track", "src/worker"],
  "src/worker": [
    "src/stage",
    "src/artifact",
    "src/track",
    "src/tensor",
    "src/data",
    "src/figure",
    "src/text"
  ],
  "src/track": ["src/artifact", "src/text"],
  "src/track/mlflow": ["src/track", "src/artifact", "src/text"],
  "src/track/content": ["src/track", "src/artifact", "src/tensor", "src/text"],
  "src/track/upload": ["src/track", "src/track/mlflow", "src/track/content", "src/artifact", "src/text"],
  "src/report": ["src/track", "src/artifact", "src/figure", "src/tensor", "src/text"],
  "src/figure": ["src/artifact", "src/tensor", "src/text"],
  "src/stage": ["src/artifact", "src/data", "src/tensor"],
  "src/tensor": ["src/artifact", "src/data", "src/text"],
  "src/data": ["src/artifact"],
  "src/artifact": [],
  "src/text": [],
  src: ["src/stage", "src/artifact", "src/data", "src/tensor"],
  stages: ["src/stage", "src/artifact", "src/data", "src/figure", "src/tensor"],
  pipelines: ["stages", "src/stage", "src/data", "src/tensor"]
}

/** What only some files may import. */
const reserved: ReadonlyArray<{
  readonly module: RegExp
  readonly by: ReadonlyArray<string>
  readonly what: string
}> = [
  {
    module: /^(node:)?(http|https|net|tls|dgram|dns|undici)$|NodeHttpClient|Undici|^effect\/http/,
    by: ["src/data/download.ts", "src/track/mlflow/connection.ts", "src/cli/look/server.ts"],
    what: "the network"
  },
  {
    module: /^(node:)?child_process$|^effect\/process$/,
    by: [
      "src/worker/workers.ts",
      "src/cli/track-serve.ts",
      "src/cli/uploader-process.ts",
      "src/cli/revision.ts",
      "src/cli/open-in-browser.ts"
    ],
    what: "processes"
  },
  { module: /^rolldown/, by: ["src/plan/bundle.ts", "src/plan/hermetic.ts"], what: "the bundler" }
]

/** Words that only some files may use, outside comments. */
const reservedWords: ReadonlyArray<{
  readonly word: RegExp
  readonly by: ReadonlyArray<string>
  readonly what: string
}> = [
  {
    word: /\bconsole\.|process\.std(out|err)|\bwriteSync\(/,
    by: ["src/cli/", "src/artifact/disk.ts"],
    what: "printing"
  },
  { word: /\bMath\.random\(/, by: [], what: "unseeded numbers" },
  {
    word: /\bDate\.now\(|new Date\(\)/,
    by: ["src/cli/output.ts", "src/plan/hermetic.ts"],
    what: "the wall clock"
  }
]

const sources = (directory: string): ReadonlyArray<string> =>
  readdirSync(join(root, directory)).flatMap((name) => {
    const path = `${directory}/${name}`
    if (statSync(join(root, path)).isDirectory()) return sources(path)
    return /\.ts$/.test(name) ? [path] : []
  })

const files = ["src", "stages", "pipelines"].flatMap(sources)

/** The innermost directory that is a room. What lies in `src` itself is a room for itself, and takes nothing in. */
const roomOf = (file: string): string => {
  const parts = file.split("/").slice(0, -1)
  const own = parts.map((_, index) => parts.slice(0, parts.length - index).join("/"))
  return own.find((room) => arrows[room] !== undefined && (room !== "src" || parts.length === 1)) ?? file
}

const importsOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(?:from\s+|import\s+|import\()"([^"]+)"/g)].flatMap(([, module]) =>
    module === undefined ? [] : [module]
  )

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")

/** Everything wrong with one file's imports and words. */
const mistakes = (file: string, text: string): ReadonlyArray<string> => {
  const code = withoutComments(text)
  const found: Array<string> = []
  for (const module of importsOf(code)) {
    for (const { module: pattern, by, what } of reserved) {
      if (pattern.test(module) && !by.includes(file))
        found.push(`${file} imports ${module}: ${what} belongs to ${by.join(", ")}`)
    }
    if (!module.startsWith(".")) continue
    const target = relative(root, resolve(join(root, dirname(file)), module))
    const [from, to] = [roomOf(file), roomOf(target)]
    if (from !== to && !(arrows[from] ?? []).includes(to))
      found.push(`${file} imports ${target}: no arrow leads from ${from} to ${to}`)
  }
  for (const { word, by, what } of reservedWords) {
    if (word.test(code) && !by.some((place) => file.startsWith(place))) found.push(`${file} uses ${what}`)
  }
  return found
}

describe("architecture", () => {
  it("every file stands in a room of the table", () => {
    assert.deepStrictEqual(
      files.filter((file) => arrows[roomOf(file)] === undefined),
      []
    )
  })

  it("no import goes against the arrows, and the reserved modules and words stay in their files", () => {
    assert.deepStrictEqual(
      files.flatMap((file) => mistakes(file, readFileSync(join(root, file), "utf8"))),
      []
    )
  })

  it("the arrows have no circle", () => {
    const visit = (room: string, path: ReadonlyArray<string>): void => {
      assert.notInclude(path, room)
      for (const next of arrows[room] ?? []) visit(next, [...path, room])
    }
    for (const room of Object.keys(arrows)) visit(room, [])
  })

  it("no source file is longer than 400 lines", () => {
    const long = files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 400)
    assert.deepStrictEqual(long, [])
  })

  it.each([
    ["stages/x.ts", 'import { a } from "../src/plan/key.ts"', "no arrow leads from stages to src/plan"],
    [
      "src/artifact/x.ts",
      'import { a } from "../stage/index.ts"',
      "no arrow leads from src/artifact to src/stage"
    ],
    ["src/track/x.ts", 'import http from "node:http"', "the network belongs to"],
    ["src/plan/x.ts", "console.log(1)", "src/plan/x.ts uses printing"],
    ["stages/x.ts", "const a = Math.random()", "stages/x.ts uses unseeded numbers"]
  ])("a planted mistake in %s is found: %s", (file, text, message) => {
    assert.include(mistakes(file, text).join("\n"), message)
  })
})
