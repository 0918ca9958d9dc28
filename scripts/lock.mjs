/**
 * A lock that processes of one checkout take turns with.
 *
 * It is a directory with one file in it that is named after its owner. Taking it means renaming a prepared directory to
 * its name, which succeeds only where there is none, or an empty one. So a dead owner's lock is taken over by
 * removing that owner's file: however many try, nobody removes the file of a successor.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"

const pollMs = 200
const beatMs = 2000
/** Polls without a beat after which an owner counts as dead. Counted, not timed: a sleeping laptop does not poll. */
const patience = 150

/**
 * @param {string} path the directory that is the lock
 * @param {() => void} onWait called once if somebody else has it
 */
export async function acquire(path, onWait) {
  const name = `${process.pid}-${Math.random().toString(36).slice(2)}`
  const mine = `${path}.${name}`
  mkdirSync(mine)
  writeFileSync(join(mine, name), `${hostname()} ${process.pid}`)
  let seen = ""
  let polls = 0
  for (let first = true; !rename(mine, path); first = false) {
    const owner = ownerOf(path)
    const sign = `${owner?.file} ${owner?.beat}`
    polls = sign === seen ? polls + 1 : 0
    seen = sign
    if (owner !== undefined && (owner.dead || polls > patience)) {
      rmSync(join(path, owner.file), { force: true })
      continue
    }
    if (first) onWait()
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return hold(path, name)
}

function hold(path, name) {
  const file = join(path, name)
  const beat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date())
    } catch {
      // It was taken over; nothing here can change that.
    }
  }, beatMs)
  beat.unref()
  const release = () => {
    clearInterval(beat)
    process.off("exit", release)
    rmSync(file, { force: true })
    try {
      rmdirSync(path)
    } catch {
      // The next owner is already in it.
    }
  }
  process.on("exit", release)
  return {
    release,
    /** Says that a process does the owner's work, and outlives it if need be. */
    share: (pid) => writeFileSync(file, `${hostname()} ${process.pid} ${pid}`)
  }
}

function rename(from, to) {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (error.code === "ENOTEMPTY" || error.code === "EEXIST") return false
    rmSync(from, { recursive: true, force: true })
    throw error
  }
}

function ownerOf(path) {
  try {
    const [file] = readdirSync(path)
    if (file === undefined) return undefined
    const [host, ...pids] = readFileSync(join(path, file), "utf8").split(" ")
    const dead = host === hostname() && !pids.some((pid) => isAlive(Number(pid)))
    return { file, dead, beat: statSync(join(path, file)).mtimeMs }
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}
