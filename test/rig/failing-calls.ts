/**
 * This process's own calls to the file system, one of which fails when it is told to.
 *
 * `faulty-disk.ts` stands in for the store's disk; this lies below it, in place of Node's functions, so that it also meets
 * what does not pass the disk. It knows Node alone, and no code of the program knows of it.
 */
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { type FaultCode, systemError } from "./faulty-disk.ts"

export interface Call {
  readonly call: string
  readonly path: string
}

/** `short` is no error: the system took or gave fewer bytes than it was asked to, and says how many. */
export type CallFault =
  | { readonly code: FaultCode; readonly done: "nothing" | "half" | "all" }
  | { readonly code: "short" }

const refused = (...codes: ReadonlyArray<FaultCode>) =>
  codes.map((code) => ({ code, done: "nothing" }) as const)
/** It was done, and the answer got lost. */
const lost = { code: "EIO", done: "all" } as const

/** The faults to try on a call: what a system may say to it. */
export const faultsOfCall = ({ call }: Call): ReadonlyArray<CallFault> => {
  switch (call) {
    case "open":
      return [...refused("EIO", "ENOSPC", "EACCES", "EMFILE"), lost]
    case "readFile":
    case "readdir":
      return refused("EIO", "EACCES", "EMFILE")
    case "stat":
    case "lstat":
      return refused("EIO", "EACCES")
    case "read":
      return [...refused("EIO"), { code: "short" }]
    case "write":
      return [...refused("EIO"), lost, { code: "ENOSPC", done: "half" }, { code: "short" }]
    case "fsync":
      return refused("EIO", "ENOSPC")
    // Whatever it says, the descriptor is closed.
    case "close":
      return [lost]
    default:
      return [...refused("EIO", "ENOSPC", "EACCES"), lost]
  }
}

/**
 * From now on every call that concerns a path is told to `faultOf`, which says how it fails, if it does. Nothing is flushed to
 * the device: tests do not ask what a power cut leaves here.
 */
export const interceptCalls = (faultOf: (call: Call) => CallFault | undefined): void => {
  const open = new Map<number, string>()
  // What Node calls in its turn is a part of the call that was counted.
  let inside = false

  const act = <A>(call: string, path: string, whole: () => A, half: () => A = whole): A => {
    if (inside) return whole()
    const fault = faultOf({ call, path })
    inside = true
    try {
      if (fault === undefined) return whole()
      if (fault.code === "short") return half()
      if (fault.done === "all") whole()
      if (fault.done === "half") half()
    } finally {
      inside = false
    }
    throw systemError(fault.code, { operation: call, path })
  }

  const later = async <A>(call: string, path: string, whole: () => Promise<A>, half = whole): Promise<A> => {
    const fault = faultOf({ call, path })
    if (fault === undefined) return whole()
    if (fault.code === "short") return half()
    if (fault.done === "all") await whole()
    if (fault.done === "half") await half()
    throw systemError(fault.code, { operation: call, path })
  }

  /** A function whose first argument is a path, or whose second one is where a path goes. */
  const onPath =
    <Given extends ReadonlyArray<unknown>, A>(call: string, real: (...given: Given) => A, which = 0) =>
    (...given: Given): A =>
      act(call, String(given[which]), () => real(...given))

  const onDescriptor =
    <Given extends ReadonlyArray<unknown>, A>(call: string, real: (...given: Given) => A) =>
    (...given: Given): A =>
      act(call, open.get(Number(given[0])) ?? "", () => real(...given))

  const { openSync, readSync, writeSync, closeSync } = fs
  const { open: openLater, readFile: readLater } = fs.promises

  const opened = (path: string, real: () => number): number => {
    let descriptor = -1
    try {
      return act("open", path, () => {
        descriptor = real()
        open.set(descriptor, path)
        return descriptor
      })
    } catch (error) {
      // Its answer got lost, and nobody will ever close it.
      if (descriptor !== -1) closeSync(descriptor)
      throw error
    }
  }

  /** Half of the bytes, but one at least: none would be the end of the file. */
  const halfOf = (length: number): number => Math.max(1, length >> 1)

  Object.assign(fs, {
    openSync: (path: string, flags?: number | string, mode?: number) =>
      opened(String(path), () => openSync(path, flags ?? "r", mode)),
    closeSync: onDescriptor("close", closeSync),
    readSync: (descriptor: number, buffer: Buffer, offset: number, length: number, position: number | null) =>
      act(
        "read",
        open.get(descriptor) ?? "",
        () => readSync(descriptor, buffer, offset, length, position),
        () => readSync(descriptor, buffer, offset, halfOf(length), position)
      ),
    writeSync: (
      descriptor: number,
      bytes: Uint8Array,
      offset = 0,
      length = bytes.length - offset,
      at?: number
    ) =>
      act(
        "write",
        open.get(descriptor) ?? "",
        () => writeSync(descriptor, bytes, offset, length, at),
        () => writeSync(descriptor, bytes, offset, halfOf(length), at)
      ),
    fsyncSync: onDescriptor("fsync", () => {}),
    fdatasyncSync: onDescriptor("fsync", () => {}),
    readFileSync: onPath("readFile", fs.readFileSync),
    renameSync: onPath("rename", fs.renameSync, 1),
    linkSync: onPath("link", fs.linkSync, 1),
    mkdirSync: onPath("mkdir", fs.mkdirSync),
    readdirSync: onPath("readdir", fs.readdirSync),
    unlinkSync: onPath("unlink", fs.unlinkSync),
    rmSync: onPath("rm", fs.rmSync),
    chmodSync: onPath("chmod", fs.chmodSync),
    lstatSync: onPath("lstat", fs.lstatSync),
    statSync: onPath("stat", fs.statSync)
  })

  Object.assign(fs.promises, {
    readFile: (path: string, options?: BufferEncoding) =>
      later("readFile", String(path), () => readLater(path, options)),
    open: async (path: string, flags?: string, mode?: number) => {
      let handle: fs.promises.FileHandle | undefined
      try {
        handle = await later("open", String(path), async () => {
          handle = await openLater(path, flags, mode)
          return handle
        })
      } catch (error) {
        await handle?.close()
        throw error
      }
      const real = { write: handle.write.bind(handle), close: handle.close.bind(handle) }
      return Object.assign(handle, {
        write: (bytes: Uint8Array, offset = 0) =>
          later(
            "write",
            path,
            () => real.write(bytes, offset),
            () => real.write(bytes, offset, halfOf(bytes.length - offset))
          ),
        sync: () => later("fsync", path, async () => {}),
        close: () => later("close", path, real.close)
      })
    }
  })
  syncBuiltinESMExports()
}
