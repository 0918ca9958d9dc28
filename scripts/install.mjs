/** Whether node_modules holds what the lockfile says, and how to make it so. */
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { delimiter, join } from "node:path"
import { run } from "./run.mjs"

/**
 * Compares versions, not times: an installation is as good whoever made it. npm writes its list of what it installed when
 * it has finished, so that an interrupted installation counts as none.
 */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, "package-lock.json"))
  const present = packagesOf(join(root, "node_modules", ".package-lock.json"))
  if (wanted === undefined || present === undefined) return false
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (path === "") return true
    const found = present[path]
    return found === undefined ? optional === true || peer === true : found.version === version
  })
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages
  } catch {
    return undefined
  }
}

/** Installs what the lockfile says. npm speaks only when it fails. */
export async function install(root, share) {
  // npm must not run on the node that it is about to replace.
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((directory) => !directory.startsWith(join(root, "node_modules")))
    .join(delimiter)
  // ONNX Runtime's install script fetches libraries for NVIDIA GPUs, hundreds of megabytes from another place than the
  // registry; without them it computes on the CPU. .npmrc says so too, but newer versions of npm do not pass it on.
  const onnx = { ONNXRUNTIME_NODE_INSTALL: "skip" }
  const result = await run("npm", ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"], {
    cwd: root,
    env: { ...onnx, ...process.env, PATH: path },
    share
  })
  if (result.ok) return undefined
  if (result.missing) return "npm was not found\nhint: install it together with Node (https://nodejs.org)"
  return `npm ci failed\n${result.output}hint: ${hintFor(result.output)}`
}

function hintFor(output) {
  if (/ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|ECONNRESET|network/.test(output))
    return "the package registry could not be reached; check the network, or npm's `registry` and `proxy` settings"
  if (/EACCES|EPERM|EROFS/.test(output)) return "this directory must be writable; check who owns it"
  if (/ENOSPC/.test(output)) return "the disk is full"
  if (/can only install packages when/.test(output))
    return "package.json and package-lock.json disagree; run `npm install` and commit both"
  return "run `npm ci` here to see it again"
}

/**
 * The node that everything after the installation runs on: the one installed, where there is one for this platform.
 * npm puts it first in the PATH of its scripts, if it is linked; npm 10 does not always do that.
 */
export function nodeOf(root) {
  const link = join(root, "node_modules", ".bin", "node")
  if (existsSync(link)) return link
  const name = readdirSync(join(root, "node_modules")).find(
    (entry) => entry.startsWith("node-") && existsSync(join(root, "node_modules", entry, "bin", "node"))
  )
  if (name === undefined) return process.execPath
  rmSync(link, { force: true })
  symlinkSync(join("..", name, "bin", "node"), link)
  return link
}
