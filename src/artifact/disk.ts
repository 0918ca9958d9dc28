/**
 * The few file operations that the store is made of, as one service.
 *
 * They are synchronous where they are short: a warm run looks at tens of thousands of files, and a trip through the
 * thread pool costs ten times such a look. Long writes are asynchronous, so that hashing and writing overlap.
 * Everything the store does to a disk passes here, which is where tests make the disk fail.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs"
import { dirname, resolve } from "node:path"
import { Context, Layer } from "effect"

/** What tells that a file was touched. Equal stamps mean equal bytes as far as the file system can say. */
export interface Stamp {
  readonly size: number
  /** Times of the last change to content and to metadata; the second cannot be set back. */
  readonly modified: string
}

/** A stamp as one string, to be remembered and compared. */
export const stampText = ({ size, modified }: Stamp): string => `${size} ${modified}`

/** When content or metadata changed last, in milliseconds since 1970: giving a file its mode again makes it young. */
export const changedMillis = ({ modified }: Stamp): number =>
  Number(BigInt(modified.split(" ")[1] ?? "0") / 1_000_000n)

export interface WritableFile {
  /** Appends bytes. Rejects with the system's error. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when the bytes are on the device. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface ReadableFile {
  /** Reads up to `buffer.length` bytes from `position`; returns how many there were. */
  read(buffer: Uint8Array, position: number): number
  close(): void
}

/** Every method throws Node's system errors, except where it says what it returns instead. */
export interface DiskShape {
  /** `undefined` where there is no regular file. Does not follow links: a link is no artifact. */
  stamp(path: string): Stamp | undefined
  exists(path: string): boolean
  readFile(path: string): Uint8Array
  openRead(path: string): ReadableFile
  /** Creates a file that must not exist yet. */
  create(path: string): Promise<WritableFile>
  /** Creates a file that must not exist yet, writes it whole and flushes it. */
  createWhole(path: string, bytes: Uint8Array): void
  /** Overwrites a small file in place; readers may see it half written. */
  overwrite(path: string, bytes: Uint8Array): void
  /** Appends to a log and flushes it when `flush` says so. */
  append(path: string, bytes: Uint8Array, flush: boolean): void
  /** Gives a file a second name. False where the name is taken. */
  link(path: string, name: string): boolean
  rename(path: string, to: string): void
  /** False where there was none. */
  remove(path: string): boolean
  removeTree(path: string): void
  /** Returns the outermost directory that had to be made, `undefined` where all were there. */
  makeDirectory(path: string): string | undefined
  /** Names in a directory, sorted; none where there is no directory. */
  list(directory: string): ReadonlyArray<string>
  /** Makes the names in a directory survive a power cut. */
  syncDirectory(directory: string): void
  /** Takes away everybody's permission to write a file. */
  protect(path: string): void
}

const ifMissing = <A>(action: () => A, otherwise: A): A => {
  try {
    return action()
  } catch (error) {
    if (isSystemError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR")) return otherwise
    throw error
  }
}

/** Whether an unknown error came from the operating system, with its code. */
export const isSystemError = (
  error: unknown
): error is Error & { readonly code: string; readonly path?: string } =>
  error instanceof Error && "code" in error && typeof error.code === "string"

const withFile = (path: string, flags: string, action: (descriptor: number) => void, mode = 0o644): void => {
  const descriptor = fs.openSync(path, flags, mode)
  try {
    action(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** `writeSync` may write less than it was given. */
const writeAll = (descriptor: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done)
}

/** Node's own recursion never ends where the parent is there and the system denies it all the same, as below /proc. */
const makeDirectory = (path: string): string | undefined => {
  if (isDirectory(path)) return undefined
  const above = fs.existsSync(dirname(path)) ? undefined : makeDirectory(dirname(path))
  try {
    fs.mkdirSync(path)
    return above ?? path
  } catch (error) {
    // Somebody else made it meanwhile.
    if (isSystemError(error) && error.code === "EEXIST" && isDirectory(path)) return above
    throw error
  }
}

const isDirectory = (path: string): boolean =>
  fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

const nodeDisk: DiskShape = {
  stamp: (path) => {
    // Below a file there is nothing either.
    const found = ifMissing(() => fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }), undefined)
    if (found === undefined || !found.isFile()) return undefined
    return { size: Number(found.size), modified: `${found.mtimeNs} ${found.ctimeNs}` }
  },
  exists: (path) => fs.existsSync(path),
  readFile: (path) => fs.readFileSync(path),
  openRead: (path) => {
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
    return {
      read: (buffer, position) => {
        let done = 0
        while (done < buffer.length) {
          const count = fs.readSync(descriptor, buffer, done, buffer.length - done, position + done)
          if (count === 0) break
          done += count
        }
        return done
      },
      close: () => fs.closeSync(descriptor)
    }
  },
  create: async (path) => {
    const handle = await fs.promises.open(path, "wx", 0o644)
    return {
      write: async (bytes) => {
        for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten
      },
      sync: () => handle.sync(),
      close: () => handle.close()
    }
  },
  createWhole: (path, bytes) =>
    withFile(path, "wx", (descriptor) => {
      writeAll(descriptor, bytes)
      fs.fsyncSync(descriptor)
    }),
  overwrite: (path, bytes) =>
    withFile(path, "r+", (descriptor) => fs.writeSync(descriptor, bytes, 0, bytes.length, 0)),
  append: (path, bytes, flush) =>
    withFile(path, "a", (descriptor) => {
      writeAll(descriptor, bytes)
      if (flush) fs.fdatasyncSync(descriptor)
    }),
  link: (path, name) => {
    try {
      fs.linkSync(path, name)
      return true
    } catch (error) {
      if (isSystemError(error) && error.code === "EEXIST") return false
      throw error
    }
  },
  rename: (path, to) => fs.renameSync(path, to),
  remove: (path) =>
    ifMissing(() => {
      fs.unlinkSync(path)
      return true
    }, false),
  removeTree: (path) => fs.rmSync(path, { recursive: true, force: true }),
  makeDirectory: (path) => makeDirectory(resolve(path)),
  list: (directory) => ifMissing(() => fs.readdirSync(directory).sort(), []),
  syncDirectory: (directory) => withFile(directory, "r", (descriptor) => fs.fsyncSync(descriptor)),
  protect: (path) => fs.chmodSync(path, 0o444)
}

export class Disk extends Context.Service<Disk, DiskShape>()("pipeline/artifact/Disk") {
  static readonly layer = Layer.succeed(Disk, nodeDisk)
}

/** Process numbers and clocks may be equal on two hosts. */
const ours = randomUUID().slice(0, 8)
let serial = 0

/** A name that no other process uses, on whatever host. */
export const uniqueName = (): string => `${process.pid}-${ours}-${serial++}`

/**
 * Writes a small file so that it appears whole or not at all, even if the power fails.
 *
 * @param scratch a directory on the same file system, for the file while it is being written
 */
export const writeAtomically = (disk: DiskShape, scratch: string, path: string, bytes: Uint8Array): void => {
  const temporary = `${scratch}/${uniqueName()}`
  makeLastingDirectory(disk, dirname(path))
  try {
    disk.createWhole(temporary, bytes)
    renameOver(disk, temporary, path)
  } catch (error) {
    removeQuietly(disk, temporary)
    throw error
  }
  disk.syncDirectory(dirname(path))
}

/** Gives a file a name, whatever had it. A directory in its place is nobody's, and no rename replaces one. */
export const renameOver = (disk: DiskShape, path: string, to: string): void => {
  try {
    disk.rename(path, to)
  } catch (error) {
    if (!isSystemError(error) || !["EISDIR", "ENOTEMPTY", "EEXIST"].includes(error.code)) throw error
    disk.removeTree(to)
    disk.rename(path, to)
  }
}

/** Makes a directory whose own name survives a power cut. Costs nothing where it was there before. */
export const makeLastingDirectory = (disk: DiskShape, path: string): void => {
  const outermost = disk.makeDirectory(path)
  if (outermost === undefined) return
  for (let made = resolve(path); made.length >= outermost.length; made = dirname(made))
    disk.syncDirectory(dirname(made))
}

/** Bytes. No record, plan, bundle or memory takes so many, and a JavaScript text could hold twice as many at most. */
const longestText = 1 << 28

/**
 * The text of a file of our own; `undefined` where there is no regular file. What has grown longer than any text of ours is
 * damaged: it is not read into memory, and reads as empty.
 */
export const readText = (disk: DiskShape, path: string): string | undefined => {
  const stamp = disk.stamp(path)
  if (stamp === undefined) return undefined
  return stamp.size > longestText ? "" : Buffer.from(disk.readFile(path)).toString("utf8")
}

/** A file's stamp for a quick look: without one, whoever asks looks closer and meets the disk's error there. */
export const stampIfReadable = (disk: DiskShape, path: string): Stamp | undefined => {
  try {
    return disk.stamp(path)
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

/** Cleans up after a failure that is told anyway: that this fails as well is no news. */
export const removeQuietly = (disk: DiskShape, path: string): void => {
  try {
    disk.remove(path)
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}
