/**
 * Makes package-lock.json work on every platform and under every node that can install from it. Run it after
 * `npm install` has changed the lockfile.
 *
 * It adds the packages of other platforms: npm leaves out what the registry at hand does not serve, some mirrors serve
 * one platform, and then `npm ci` calls the lockfile incomplete, here and everywhere else.
 *
 * It removes `engines` from optional packages: npm leaves those out that do not suit the node it runs on itself, but
 * they will run on the one that it is about to install.
 *
 *     node scripts/complete-lock.mjs [--check]
 *
 *     --check   changes nothing, and fails if something is missing
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = fileURLToPath(new URL("../package-lock.json", import.meta.url))
const text = readFileSync(file, "utf8")
const lock = JSON.parse(text)

const changes = []
for (const [path, parent] of Object.entries(lock.packages)) {
  // What this package itself asks for, `npm install` has to find.
  if (path === "") continue
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const found = findFrom(path, name)
    // Platform packages are published together with what they belong to, under its exact version.
    if (!/^\d/.test(version) || (found !== undefined && lock.packages[found].version === version)) continue
    const place = found === undefined ? `node_modules/${name}` : `${path}/node_modules/${name}`
    const dev = parent.dev === true ? { dev: true } : {}
    lock.packages[place] = { version, ...platformOf(name), ...dev, optional: true }
    changes.push(`${name}@${version}`)
  }
}
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.optional !== true || entry.engines === undefined) continue
  delete entry.engines
  changes.push(`engines of ${path}`)
}

/** Where Node, and so npm, finds `name` from the package at `path`. */
function findFrom(path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf("node_modules/") - 1))) {
    const place = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`
    if (lock.packages[place] !== undefined) return place
    if (base === "") return undefined
  }
}

/** By these npm tells that a package is not for the machine it runs on, without asking the registry. */
function platformOf(name) {
  const parts = name.split("/").at(-1).split("-")
  const os = parts.find((part) => /^(darwin|linux|win32|win|android|freebsd|openharmony)$/.test(part))
  const cpu = parts.find((part) => /^(arm64|x64|arm|ia32|ppc64|s390x|riscv64|loong64|wasm32)$/.test(part))
  if (cpu === undefined) throw new Error(`${name}: its name does not tell for which machine it is`)
  const libc = parts.includes("musl") ? "musl" : parts.includes("gnu") ? "glibc" : undefined
  return {
    cpu: [cpu],
    ...(os === undefined ? {} : { os: [os === "win" ? "win32" : os] }),
    ...(libc === undefined ? {} : { libc: [libc] })
  }
}

if (changes.length > 0 && process.argv.includes("--check")) {
  console.error(`package-lock.json: ${changes.join(", ")}\nhint: run node scripts/complete-lock.mjs`)
  process.exitCode = 1
} else if (changes.length > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`changed: ${changes.join(", ")}`)
}
