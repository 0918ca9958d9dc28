/** What a build was made of, so that a later process can tell cheaply whether it is still the same. */
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Files outside `src/` that a build depends on as well. */
const always = ["package-lock.json", "scripts/build.mjs"]

/** Every source file with its size and time of change. Taken before a build: what changes during one is stale after it. */
export function snapshot(root) {
  const files = [...always]
  for (const folder of ["src", "stages", "pipelines"]) walk(root, folder, files)
  return new Map(files.map((file) => [file, stampOf(root, file)]).filter(([, stamp]) => stamp !== undefined))
}

function walk(root, folder, files) {
  // A folder's own time changes when a file is added.
  files.push(folder)
  let entries = []
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true })
  } catch {
    // A folder that a checkout lacks has no sources.
  }
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) walk(root, path, files)
    else if (entry.name.endsWith(".ts")) files.push(path)
  }
}

function stampOf(root, file) {
  const stat = statSync(join(root, file), { throwIfNoEntry: false })
  return stat === undefined ? undefined : [stat.size, stat.mtimeMs]
}

/** Writes a record of `files`, those of the snapshot that went into a build. */
export function writeRecord(path, before, files, rest = {}) {
  const used = [...new Set([...always, ...files])].sort()
  const record = { ...rest, files: used.map((file) => [file, ...(before.get(file) ?? [0, 0])]) }
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(record)}\n`)
  renameSync(`${path}.${process.pid}`, path)
}

/** Whether nothing that the record at `path` names has changed. */
export function isFresh(root, path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8")).files.every(([file, size, modified]) => {
      const stamp = stampOf(root, file)
      return stamp !== undefined && stamp[0] === size && stamp[1] === modified
    })
  } catch {
    return false
  }
}
