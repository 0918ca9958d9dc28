/** Turborepo: one package of a workspace for each node, all of them committed, as it is meant to be used. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Ended, find, run } from "./command.ts"
import { type Graph, nodesOf } from "./graph.ts"
import { npmPeer } from "./peers.ts"
import type { Report } from "./report.ts"
import { discard, scratch } from "./scratch.ts"
import { expectCount, type Tool } from "./tool.ts"

const version = "2.11.11"

/** Its command as npm installs it, a Node script, and the program that this script starts. */
export const turborepo = (report: Report): ReadonlyArray<Tool> => {
  const peer = npmPeer(report, "turbo", version)
  if (peer === undefined) return []
  const command = { name: `Turborepo ${version}`, file: join(peer, "node_modules", ".bin", "turbo") }
  const binary = join(peer, "node_modules", "@turbo", platform, "bin", "turbo")
  return [command, { name: `Turborepo ${version}, bare program`, file: binary }].map(({ name, file }) => ({
    name,
    prepare: (graph) => prepare(file, graph)
  }))
}

const platform = `${process.platform}-${process.arch === "x64" ? "64" : process.arch}`

const prepare = (file: string, graph: Graph) => {
  const project = makeProject(graph)
  const start = (flags: ReadonlyArray<string> = [], more: { readonly [name: string]: string } = {}): Ended =>
    run({
      file,
      args: ["run", "build", "--skip-infer", "--output-logs=none", ...flags],
      cwd: project,
      environment: {
        TURBO_TELEMETRY_DISABLED: "1",
        TURBO_NO_UPDATE_NOTIFIER: "1",
        DO_NOT_TRACK: "1",
        ...more
      }
    })
  const check = (ended: Ended, cached: number): number => {
    expectCount("cached tasks", Number(/(\d+) cached, \d+ total/.exec(ended.stdout)?.[1]), cached)
    return ended.seconds
  }
  const stub = stubNpm()
  check(start([], { PATH: `${stub}:${process.env["PATH"]}` }), 0)
  discard(stub)
  return {
    idle: () => check(start(), graph.nodes),
    all: () => check(start(["--force", "--concurrency=1"]), 0),
    remove: () => discard(project)
  }
}

/**
 * A directory with an `npm` that runs no script and writes what one would have written. Turborepo starts npm for every task,
 * which for a thousand of them takes minutes, and all that is measured afterwards is that they are done.
 */
const stubNpm = (): string => {
  const directory = scratch("npm")
  writeFileSync(join(directory, "npm"), '#!/bin/sh\necho "$PWD" > out.txt\n', { mode: 0o755 })
  return directory
}

const makeProject = (graph: Graph): string => {
  const project = scratch("turborepo")
  const write = (path: string, value: unknown): void =>
    writeFileSync(join(project, path), JSON.stringify(value))
  const packages: Record<string, unknown> = { "": { name: "layers", workspaces: ["packages/*"] } }
  for (const { index, upstream } of nodesOf(graph)) {
    const name = `n${index}`
    const dependencies = Object.fromEntries(upstream.map((each) => [`n${each}`, "*"]))
    mkdirSync(join(project, "packages", name), { recursive: true })
    const scripts = { build: `echo ${index} > out.txt` }
    write(`packages/${name}/package.json`, { name, version: "1.0.0", scripts, dependencies })
    packages[`packages/${name}`] = { name, version: "1.0.0", dependencies }
    packages[`node_modules/${name}`] = { resolved: `packages/${name}`, link: true }
  }
  write("package.json", {
    name: "layers",
    private: true,
    workspaces: ["packages/*"],
    packageManager: "npm@10.8.2"
  })
  write("package-lock.json", { name: "layers", lockfileVersion: 3, requires: true, packages })
  write("turbo.json", { tasks: { build: { dependsOn: ["^build"], outputs: ["out.txt"] } } })
  writeFileSync(join(project, ".gitignore"), "out.txt\n.turbo\nnode_modules\n")
  commit(project)
  return project
}

/** With git it need not hash what is committed, which is its faster way. */
const commit = (project: string): void => {
  const git = find("git")
  if (git === undefined) return
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    [...author, "commit", "-q", "-m", "layers"]
  ])
    run({ file: git, args, cwd: project })
}
