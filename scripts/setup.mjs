/**
 * Installs and builds what is not there or out of date, and nothing else.
 *
 * It runs before anything is installed: plain JavaScript without packages, on Node 18 and later.
 *
 *     node scripts/setup.mjs [--library] [--force] [--package]
 *
 *     --library   also what other projects import as `advpipe`, with its types
 *     --force     builds even what is up to date
 *     --package   builds all of it, for publishing: a type error is an error, and nothing old is left
 */
import { existsSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { install, isInstalled, nodeOf } from "./install.mjs"
import { acquire } from "./lock.mjs"
import { isFresh } from "./record.mjs"
import { run } from "./run.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const say = (line) => process.stderr.write(`setup: ${line}\n`)

const recordOf = (part) => (part === "app" ? "dist/build.json" : "dist/lib/build.json")

/** @returns {Promise<boolean>} whether everything is ready; if not, it has been said why */
export async function setUp({ library = false, force = false, strict = false } = {}) {
  const parts = library ? ["app", "library"] : ["app"]
  const stale = () => parts.filter((part) => force || !isFresh(root, recordOf(part)))
  if (isInstalled(root) && existsSync(nodeOf(root)) && stale().length === 0) return true

  const lock = await acquire(join(root, ".setup-lock"), () => say("waiting for another process"))
  try {
    // Another process may have done it meanwhile.
    if (!isInstalled(root)) {
      say("installing packages (once)")
      const problem = await install(root, lock.share)
      if (problem !== undefined) {
        say(problem)
        return false
      }
    }
    const names = stale()
    if (names.length === 0) return true
    say(`building ${names.includes("app") ? "" : "the library "}(${reasonFor(names)})`)
    const args = [join(root, "scripts", "build.mjs"), ...(strict ? ["--strict"] : []), ...names]
    const result = await run(nodeOf(root), args, { cwd: root, share: lock.share })
    if (!result.ok)
      say(`the build failed\n${result.output}hint: correct the sources named above and try again`)
    return result.ok
  } finally {
    lock.release()
  }
}

function reasonFor(parts) {
  if (parts.some((part) => !existsSync(join(root, recordOf(part))))) return "once"
  return parts.every((part) => isFresh(root, recordOf(part))) ? "as asked" : "sources changed"
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const major = Number(process.versions.node.split(".")[0])
  if (major < 18) {
    say(`Node 18 or newer is needed to install, this is ${process.versions.node}\nhint: https://nodejs.org`)
    process.exitCode = 1
  } else {
    const has = (flag) => process.argv.includes(flag)
    const strict = has("--package")
    const ready = await setUp({
      library: strict || has("--library"),
      force: strict || has("--force"),
      strict
    })
    if (!ready) process.exitCode = 1
  }
}
