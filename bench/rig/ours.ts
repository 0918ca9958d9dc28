/** This project's own command line, on projects made for it. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { countLines, type Ended, run } from "./command.ts"
import { type Graph, reach } from "./graph.ts"
import { discard, scratch } from "./scratch.ts"
import { expectCount, type Tool } from "./tool.ts"

const root = join(import.meta.dirname, "..", "..")

/** Text of an import of the framework: by path, so that nothing has to be installed in the project. */
export const frameworkImports = [
  `import { Table } from ${JSON.stringify(join(root, "src/artifact/index.ts"))}`,
  `import { Pipeline, Progress, Stage } from ${JSON.stringify(join(root, "src/stage/index.ts"))}`
].join("\n")

/** Makes a project with one pipeline, in a directory of its own. */
export const makeProject = (name: string, files: { readonly [path: string]: string }): string => {
  const directory = scratch(name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, ".."), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

export const pipeline = (
  project: string,
  args: ReadonlyArray<string>,
  environment: { readonly [name: string]: string } = {}
): Ended => run({ file: join(root, "bin", "pipeline"), args, cwd: project, environment })

/** Forgets everything that was computed. */
export const removeStore = (project: string): void =>
  rmSync(join(project, "artifacts"), { recursive: true, force: true })

const stages = `${frameworkImports}
import { Schema } from "effect"

const table = (value: number) => ({ title: "sum", columns: [{ name: "value", type: "number" as const }], rows: [[value]] })

export const source = Stage.make("source", {
  inputs: {},
  params: Schema.Struct({ index: Schema.Int }),
  output: Table,
  environment: ["BENCH_SALT"],
  *run(_, { index }) {
    return table(index)
  }
})

export const sum = Stage.make("sum", {
  inputs: { upstream: Stage.list(Table) },
  params: Schema.Struct({ index: Schema.Int }),
  output: Table,
  environment: ["BENCH_SALT"],
  *run({ upstream }, { index }) {
    return table(upstream.reduce((total, each) => total + Number(each.rows[0]?.[0] ?? 0), index))
  }
})
`

const layersPipeline = ({ nodes, width }: Graph): string => `${frameworkImports}
import { Schema } from "effect"
import { source, sum } from "../stages/trivial.ts"

export default Pipeline.make("layers", {
  description: "layers of trivial nodes",
  params: Schema.Struct({ nodes: Schema.Int, width: Schema.Int }),
  presets: { only: { nodes: ${nodes}, width: ${width} } },
  defaultPreset: "only",
  build: ({ nodes, width }) => {
    const made: Array<ReturnType<typeof source>> = []
    for (let index = 0; index < nodes; index++) {
      const before = (Math.floor(index / width) - 1) * width
      const upstream = ${JSON.stringify(reach)}.flatMap((step) => made[before + ((index + step) % width)] ?? [])
      made.push(before < 0 ? source({}, { index }) : sum({ upstream }, { index }))
    }
    return { node: made }
  }
})
`

/** The graph of trivial nodes, run by `bin/pipeline`. */
export const ours: Tool = {
  name: "pipeline",
  prepare: (graph) => {
    const { nodes } = graph
    const project = makeProject("pipeline", {
      "stages/trivial.ts": stages,
      "pipelines/layers.ts": layersPipeline(graph)
    })
    let salt = 0
    const start = (): Ended =>
      pipeline(project, ["run", "layers", "--jobs", "1"], { BENCH_SALT: String(salt) })
    const check = (ended: Ended, cached: number, done: number): number => {
      expectCount("cached nodes", countLines(ended.stderr, /^cached /), cached)
      expectCount("nodes that ran", countLines(ended.stderr, /^done /), done)
      return ended.seconds
    }
    check(start(), 0, nodes)
    return {
      idle: () => check(start(), nodes, 0),
      all: () => {
        // A declared environment variable is in every key, and nothing has to be bundled for it.
        salt++
        return check(start(), 0, nodes)
      },
      remove: () => discard(project)
    }
  }
}
