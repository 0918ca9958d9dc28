/**
 * `store`: how fast do bytes go into the store and come back, and how much memory does it take?
 *
 * 1 GB of random bytes, as a file that the system has in memory, is hashed, written and flushed by the store's streaming
 * write. The peers do half of that each: `sha256sum` reads and hashes the same file, `cp` and `sync` copy and flush it.
 */
import { randomFillSync } from "node:crypto"
import { closeSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import type { Bench } from "./rig/bench.ts"
import { find, run } from "./rig/command.ts"
import type { Report } from "./rig/report.ts"
import { discard, scratch } from "./rig/scratch.ts"
import { type Contestant, type Spread, spreadOf, takeTurns } from "./rig/spread.ts"

const rounds = 5
const megabytes = 1000

export const store: Bench = {
  name: "store",
  run: async (report) => {
    report.heading(
      `store: ${megabytes} MB of random bytes, hashed, written and flushed; read back and verified`
    )
    const directory = scratch("store")
    try {
      await measure(report, directory)
    } finally {
      discard(directory)
    }
  }
}

const measure = async (report: Report, directory: string): Promise<void> => {
  const source = join(directory, "source")
  writeRandom(source)
  const mine = new OurStore(directory, source)
  const peers = peersFor(report, source, join(directory, "copy"))
  const spreads = await takeTurns([mine.writing, mine.reading, ...peers], rounds)
  for (const [name, spread] of spreads) report.row(name, spread, "MB/s")

  const ours = spreads.get(mine.writing.name)?.median ?? Number.NaN
  const compared = peers.flatMap(({ name }) => {
    const spread = spreads.get(name)
    return spread === undefined ? [] : [{ name, spread }]
  })
  for (const { name, spread } of compared)
    report.compare({ bench: "store", ours, peer: spread.median, peerName: name, unit: "MB/s" })
  tellTarget(report, ours, compared)

  const { write, read, idle } = mine.peaks()
  report.note(
    `memory at the peak: ${megabytesOf(write)} writing, ${megabytesOf(read)} reading, ${megabytesOf(idle)} idle`
  )
  const above = { limit: 150, better: "less", unit: " MB" } as const
  report.target({ what: "memory above idle, writing", measured: write - idle, ...above })
  report.target({ what: "memory above idle, reading", measured: read - idle, ...above })
}

const megabytesOf = (value: number): string => `${value.toFixed(0)} MB`

/** The target counts the two halves of the work, not a program that hashes with other instructions. */
const tellTarget = (
  report: Report,
  ours: number,
  peers: ReadonlyArray<{ readonly name: string; readonly spread: Spread }>
): void => {
  const halves = peers.filter(({ name }) => name === sumName || name === copyName)
  if (halves.length < 2) {
    report.skip("the target", "it needs both sha256sum and sync")
    return
  }
  const slower = Math.min(...halves.map(({ spread }) => spread.median))
  report.target({
    what: "of the slower half",
    measured: ours / slower,
    limit: 0.8,
    better: "more",
    unit: " times"
  })
}

/** Random, so that no file system saves anything by compressing it. */
const writeRandom = (path: string): void => {
  const file = openSync(path, "wx")
  const block = Buffer.alloc(1e6)
  for (let index = 0; index < megabytes; index++) writeSync(file, randomFillSync(block))
  closeSync(file)
}

const sumName = "sha256sum"
const copyName = "cp and sync"

const peersFor = (report: Report, source: string, copy: string): ReadonlyArray<Contestant> => {
  const command = (name: string, text: string): Contestant => ({
    name,
    once: () => {
      rmSync(copy, { force: true })
      settle()
      return megabytes / run({ file: "/bin/sh", args: ["-c", text, "sh", source, copy], cwd: "/" }).seconds
    }
  })
  const wanted = [
    { program: "sha256sum", contestant: command(sumName, 'sha256sum "$1"') },
    { program: "sync", contestant: command(copyName, 'cp "$1" "$2" && sync "$2"') },
    { program: "openssl", contestant: command("openssl dgst -sha256", 'openssl dgst -sha256 "$1"') }
  ]
  return wanted.flatMap(({ program, contestant }) => {
    if (find(program) !== undefined) return [contestant]
    report.skip(contestant.name, `${program} is not installed`)
    return []
  })
}

/** Waits until the disk has nothing left to do of what came before. */
const settle = (): void => {
  const sync = find("sync")
  if (sync !== undefined) run({ file: sync, args: [], cwd: "/" })
}

const Measured = Schema.fromJsonString(
  Schema.Struct({ digest: Schema.String, seconds: Schema.Finite, peak: Schema.Finite })
)
const decodeMeasured = Schema.decodeUnknownSync(Measured)

/** Each measurement in a process of its own, without its start. */
class OurStore {
  readonly #directory: string
  readonly #source: string
  readonly #written: Array<number> = []
  readonly #read: Array<number> = []
  #digest = ""

  constructor(directory: string, source: string) {
    this.#directory = directory
    this.#source = source
  }

  readonly writing: Contestant = {
    name: "the store, writing",
    once: () => {
      rmSync(join(this.#directory, "store"), { recursive: true, force: true })
      settle()
      const { digest, seconds, peak } = this.#process("write", this.#source)
      this.#digest = digest
      this.#written.push(peak)
      return megabytes / seconds
    }
  }

  /** Verifies all bytes before it hands any out, so it reads them twice. */
  readonly reading: Contestant = {
    name: "the store, reading verified",
    once: () => {
      if (this.#digest === "") this.writing.once()
      const { seconds, peak } = this.#process("read", this.#digest)
      this.#read.push(peak)
      return megabytes / seconds
    }
  }

  /** Memory, in megabytes. */
  peaks(): { readonly write: number; readonly read: number; readonly idle: number } {
    const idle = Array.from({ length: rounds }, () => this.#process("idle").peak)
    return {
      write: spreadOf(this.#written).max,
      read: spreadOf(this.#read).max,
      idle: spreadOf(idle).median
    }
  }

  #process(...args: ReadonlyArray<string>) {
    const script = join(import.meta.dirname, "rig", "store-process.ts")
    const { stdout } = run({
      file: process.execPath,
      args: ["--disable-warning=ExperimentalWarning", script, join(this.#directory, "store"), ...args],
      cwd: "/"
    })
    return decodeMeasured(stdout)
  }
}
