/**
 * A disk that can lose its power.
 *
 * It keeps what was flushed apart from what was only written. After the cut every operation fails, as it does for a process
 * that is gone, and `restart` leaves on the real disk what the device may hold then: a name only if its directory was
 * flushed since, bytes only if their file was. What was not flushed may be there, be gone, or be there in part, by chance.
 */
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import type { DiskShape } from "../../src/artifact/disk.ts"
import { fastDisk, systemError } from "./faulty-disk.ts"

/** A file's bytes on the device; `undefined` before they were first flushed. */
interface File {
  flushed: Uint8Array | undefined
}

interface Directory {
  readonly names: Map<string, Entry>
  /** The names as they were when the directory was flushed last. */
  flushed: ReadonlyMap<string, Entry>
}

type Entry = File | Directory

const isDirectory = (entry: Entry | undefined): entry is Directory => entry !== undefined && "names" in entry

const newDirectory = (): Directory => ({ names: new Map(), flushed: new Map() })

const adopt = (path: string): Directory => {
  const names = new Map(
    fs.readdirSync(path, { withFileTypes: true }).map((entry): [string, Entry] => {
      const below = join(path, entry.name)
      return [entry.name, entry.isDirectory() ? adopt(below) : { flushed: fs.readFileSync(below) }]
    })
  )
  return { names, flushed: new Map(names) }
}

/** @param chance gives numbers from 0 up to, not including, 1 */
export class PowerCutDisk {
  /** Operations so far that change something or flush it. */
  count = 0
  readonly #parent: string
  readonly #cutAt: number
  readonly #chance: () => number
  readonly #top: Directory

  /**
   * @param parent an existing directory; all that is written lies in it, and all that is there is on the device
   * @param cutAt the operation before which the power goes
   */
  constructor(parent: string, cutAt: number, chance: () => number) {
    this.#parent = parent
    this.#cutAt = cutAt
    this.#chance = chance
    this.#top = adopt(parent)
  }

  get isOff(): boolean {
    return this.count >= this.#cutAt
  }

  readonly disk: DiskShape = {
    exists: (path) => fastDisk.exists(path),
    stamp: (path) => this.#look(path, () => fastDisk.stamp(path)),
    readFile: (path) => this.#look(path, () => fastDisk.readFile(path)),
    openRead: (path) => this.#look(path, () => fastDisk.openRead(path)),
    list: (directory) => this.#look(directory, () => fastDisk.list(directory)),
    createWhole: (path, bytes) => {
      this.#step(path)
      fastDisk.createWhole(path, bytes)
      this.#name(path, { flushed: Uint8Array.from(bytes) })
    },
    create: async (path) => {
      this.#step(path)
      const file = await fastDisk.create(path)
      const entry: File = { flushed: undefined }
      this.#name(path, entry)
      return {
        write: async (bytes) => {
          this.#step(path)
          await file.write(bytes)
        },
        sync: async () => {
          this.#step(path)
          entry.flushed = fs.readFileSync(path)
        },
        close: () => file.close()
      }
    },
    overwrite: (path, bytes) => {
      this.#step(path)
      fastDisk.overwrite(path, bytes)
    },
    append: (path, bytes, flush) => {
      this.#step(path)
      fastDisk.append(path, bytes, false)
      const known = this.#find(path)
      const entry: File = known === undefined || isDirectory(known) ? { flushed: undefined } : known
      if (known === undefined) this.#name(path, entry)
      if (flush) entry.flushed = fs.readFileSync(path)
    },
    link: (path, name) => {
      this.#step(name)
      const made = fastDisk.link(path, name)
      const entry = this.#find(path)
      if (made && entry !== undefined) this.#name(name, entry)
      return made
    },
    rename: (path, to) => {
      this.#step(to)
      fastDisk.rename(path, to)
      const entry = this.#find(path)
      if (entry !== undefined) this.#name(to, entry)
      this.#forget(path)
    },
    remove: (path) => {
      this.#step(path)
      this.#forget(path)
      return fastDisk.remove(path)
    },
    removeTree: (path) => {
      this.#step(path)
      this.#forget(path)
      fastDisk.removeTree(path)
    },
    makeDirectory: (path) => {
      this.#step(path)
      for (const part of this.#ancestors(path)) {
        if (this.#find(part) === undefined) this.#name(part, newDirectory())
      }
      return fastDisk.makeDirectory(path)
    },
    syncDirectory: (directory) => {
      this.#step(directory)
      const entry = this.#find(directory)
      if (isDirectory(entry)) entry.flushed = new Map(entry.names)
    },
    protect: (path) => {
      this.#step(path)
      fastDisk.protect(path)
    }
  }

  /** Leaves on the real disk, under another parent, what the device may hold after the cut. */
  restart(parent: string): void {
    this.#restore(this.#top, this.#parent, parent)
  }

  #restore(directory: Directory, from: string, to: string): void {
    fs.mkdirSync(to, { recursive: true })
    for (const name of new Set([...directory.flushed.keys(), ...directory.names.keys()])) {
      const [before, after] = [directory.flushed.get(name), directory.names.get(name)]
      // A name whose change was not flushed is there in its old or in its new state.
      const entry = before === after || this.#chance() < 0.5 ? after : before
      if (entry === undefined) continue
      if (isDirectory(entry)) this.#restore(entry, join(from, name), join(to, name))
      else
        fs.writeFileSync(join(to, name), this.#bytesOf(entry, entry === after ? join(from, name) : undefined))
    }
  }

  /** @param path where the file's bytes can be read as they were last written, if anywhere */
  #bytesOf({ flushed = new Uint8Array() }: File, path: string | undefined): Uint8Array {
    if (path === undefined || !fs.existsSync(path)) return flushed
    const written = fs.readFileSync(path)
    if (Buffer.compare(written, flushed) === 0) return flushed
    const choice = this.#chance()
    if (choice < 0.25) return flushed
    if (choice < 0.5)
      return Buffer.concat([flushed, Buffer.alloc(Math.max(0, written.length - flushed.length))])
    if (choice < 0.75) return written.subarray(0, Math.floor(this.#chance() * written.length))
    return written
  }

  #look<A>(path: string, action: () => A): A {
    if (this.isOff) throw systemError("EIO", { operation: "stamp", path })
    return action()
  }

  #step(path: string): void {
    if (this.isOff) throw systemError("EIO", { operation: "write", path })
    this.count++
  }

  /** The path's directories and itself, from the outermost within the parent. */
  #ancestors(path: string): ReadonlyArray<string> {
    return path === this.#parent ? [] : [...this.#ancestors(dirname(path)), path]
  }

  #find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#top
    for (const name of this.#namesOf(path)) entry = isDirectory(entry) ? entry.names.get(name) : undefined
    return entry
  }

  #namesOf(path: string): ReadonlyArray<string> {
    return path
      .slice(this.#parent.length)
      .split("/")
      .filter((name) => name !== "")
  }

  #name(path: string, entry: Entry): void {
    const directory = this.#find(dirname(path))
    if (isDirectory(directory)) directory.names.set(this.#namesOf(path).at(-1) ?? "", entry)
  }

  #forget(path: string): void {
    const directory = this.#find(dirname(path))
    if (isDirectory(directory)) directory.names.delete(this.#namesOf(path).at(-1) ?? "")
  }
}
