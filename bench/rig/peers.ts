/**
 * Installs the peers, each once and in the one version that the figures are about, into `bench/.peers`.
 *
 * What cannot be installed is `undefined`, said loudly, and does not stop the rest.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { find, run } from "./command.ts"
import type { Report } from "./report.ts"

const root = join(import.meta.dirname, "..", ".peers")

/** The directory of a package from npm. */
export const npmPeer = (report: Report, name: string, version: string): string | undefined =>
  install(report, name, version, (directory) => {
    writeFileSync(join(directory, "package.json"), '{ "private": true }\n')
    run({
      file: need("npm"),
      args: ["install", "--no-audit", "--no-fund", `${name}@${version}`],
      cwd: directory
    })
  })

/** A virtual environment's directory with a package from PyPI in it. */
export const pythonPeer = (report: Report, name: string, version: string): string | undefined =>
  install(report, name, version, (directory) => {
    run({ file: need("python3"), args: ["-m", "venv", directory], cwd: root })
    run({
      file: join(directory, "bin", "python"),
      args: ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", `${name}==${version}`],
      cwd: directory
    })
  })

const need = (program: string): string => {
  const path = find(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}

const install = (
  report: Report,
  name: string,
  version: string,
  fill: (directory: string) => void
): string | undefined => {
  const directory = join(root, `${name}-${version}`)
  // Written last: an installation that was interrupted starts anew.
  const finished = join(directory, "installed")
  if (existsSync(finished)) return directory
  report.note(`installing ${name} ${version} (once)`)
  try {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    fill(directory)
    writeFileSync(finished, "")
    return directory
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    report.skip(`${name} ${version}`, error instanceof Error ? error.message : String(error))
    return undefined
  }
}
