/** Where a project's pipelines are: its own `pipelines/`, then the ones that come with this program. */
import { existsSync, readdirSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Effect, Schema } from "effect"

/** A project's places on disk. */
export interface Project {
  /** The directory that holds `pipelines/`, or the current one where there is none. */
  readonly root: string
  /** Where this program lies: its own pipelines and stages, and its copy of Effect. */
  readonly packageRoot: string
}

/** The nearest directory at or above `from` that has `pipelines/`; `from` itself where none has. */
export const findProject = (from: string, packageRoot: string): Project => {
  const start = resolve(from)
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, "pipelines"))) return { root: directory, packageRoot }
    if (dirname(directory) === directory) return { root: start, packageRoot }
  }
}

export interface PipelineFile {
  readonly name: string
  readonly path: string
}

const extension = /\.(ts|mts|js|mjs)$/

/** Every pipeline by name; a project's own hides a built-in one of the same name. */
export const listPipelines = (project: Project): ReadonlyArray<PipelineFile> => {
  const found = new Map<string, PipelineFile>()
  for (const root of [project.root, project.packageRoot]) {
    const directory = join(root, "pipelines")
    if (!existsSync(directory)) continue
    for (const file of readdirSync(directory).sort()) {
      const name = file.replace(extension, "")
      if (name !== file && !file.includes(".d.") && !found.has(name))
        found.set(name, { name, path: join(directory, file) })
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export class UnknownPipeline extends Schema.TaggedError<UnknownPipeline>()("UnknownPipeline", {
  name: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `there is no pipeline \`${this.name}\``
  }
}

export const findPipeline = (
  project: Project,
  name: string
): Effect.Effect<PipelineFile, UnknownPipeline> => {
  const all = listPipelines(project)
  const found = all.find((pipeline) => pipeline.name === name)
  return found === undefined
    ? new UnknownPipeline({ name, known: all.map((pipeline) => pipeline.name) })
    : Effect.succeed(found)
}
