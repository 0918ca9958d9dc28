/**
 * A disk that fails when it is told to.
 *
 * Operations are numbered from 0 in the order in which they happen, so that a test can let each one fail in turn. A
 * failing operation may have done nothing, a part of its work (a full disk takes the first half of a file), or all of it
 * (the answer got lost); the store has to cope with each.
 */
import { writeFileSync } from "node:fs"
import { Effect } from "effect"
import { Disk, type DiskShape } from "../../src/artifact/disk.ts"

export type Operation = Exclude<keyof DiskShape, "exists"> | "read" | "write" | "sync"

export type FaultCode = "EIO" | "ENOSPC" | "EACCES" | "EMFILE"

export interface Fault {
  readonly code: FaultCode
  /** How much of the operation is done all the same. Only writes can be done by half. */
  readonly done: "nothing" | "half" | "all"
}

export interface Performed {
  readonly operation: Operation
  readonly path: string
}

export interface FaultyDisk {
  readonly disk: DiskShape
  /** Every operation so far. */
  readonly log: ReadonlyArray<Performed>
}

export const realDisk: DiskShape = Effect.runSync(Effect.provide(Disk, Disk.layer))

/** An error as Node throws it. */
export const systemError = (
  code: FaultCode,
  { operation, path }: { readonly operation: string; readonly path: string }
): Error =>
  Object.assign(new Error(`${code}: injected, ${operation} '${path}'`), { code, syscall: operation, path })

/** @param faultOf says whether the operation with a number fails, and how */
export const makeFaultyDisk = (
  faultOf: (number: number, performed: Performed) => Fault | undefined,
  base: DiskShape = realDisk
): FaultyDisk => {
  const log: Array<Performed> = []

  const next = (performed: Performed): Fault | undefined => {
    const number = log.length
    log.push(performed)
    return faultOf(number, performed)
  }

  const act = <A>(operation: Operation, path: string, whole: () => A, half: () => void = () => {}): A => {
    const fault = next({ operation, path })
    if (fault === undefined) return whole()
    if (fault.done === "all") whole()
    if (fault.done === "half") half()
    throw systemError(fault.code, { operation, path })
  }

  const actLater = async (
    operation: Operation,
    path: string,
    whole: () => Promise<void>,
    half: () => Promise<void> = async () => {}
  ): Promise<void> => {
    const fault = next({ operation, path })
    if (fault === undefined) return whole()
    if (fault.done === "all") await whole()
    if (fault.done === "half") await half()
    throw systemError(fault.code, { operation, path })
  }

  const halfOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1)

  const disk: DiskShape = {
    // Node's never fails.
    exists: (path) => base.exists(path),
    stamp: (path) => act("stamp", path, () => base.stamp(path)),
    readFile: (path) => act("readFile", path, () => base.readFile(path)),
    openRead: (path) => {
      const file = act("openRead", path, () => base.openRead(path))
      return {
        read: (buffer, position) => act("read", path, () => file.read(buffer, position)),
        close: () => file.close()
      }
    },
    create: async (path) => {
      const fault = next({ operation: "create", path })
      if (fault !== undefined) {
        if (fault.done !== "nothing") await (await base.create(path)).close()
        throw systemError(fault.code, { operation: "create", path })
      }
      const file = await base.create(path)
      return {
        write: (bytes) =>
          actLater(
            "write",
            path,
            () => file.write(bytes),
            () => file.write(halfOf(bytes))
          ),
        sync: () => actLater("sync", path, () => file.sync()),
        close: () => file.close()
      }
    },
    createWhole: (path, bytes) =>
      act(
        "createWhole",
        path,
        () => base.createWhole(path, bytes),
        () => base.createWhole(path, halfOf(bytes))
      ),
    overwrite: (path, bytes) =>
      act(
        "overwrite",
        path,
        () => base.overwrite(path, bytes),
        () => base.overwrite(path, halfOf(bytes))
      ),
    append: (path, bytes, flush) =>
      act(
        "append",
        path,
        () => base.append(path, bytes, flush),
        () => base.append(path, halfOf(bytes), false)
      ),
    link: (path, name) => act("link", name, () => base.link(path, name)),
    rename: (path, to) => act("rename", to, () => base.rename(path, to)),
    remove: (path) => act("remove", path, () => base.remove(path)),
    removeTree: (path) => act("removeTree", path, () => base.removeTree(path)),
    makeDirectory: (path) => act("makeDirectory", path, () => base.makeDirectory(path)),
    list: (directory) => act("list", directory, () => base.list(directory)),
    syncDirectory: (directory) => act("syncDirectory", directory, () => base.syncDirectory(directory)),
    protect: (path) => act("protect", path, () => base.protect(path))
  }
  return { disk, log }
}

/** A disk of which one operation fails, once. */
export const failingOnce = (at: number, fault: Fault, base: DiskShape = realDisk): FaultyDisk =>
  makeFaultyDisk((number) => (number === at ? fault : undefined), base)

/** A disk that only counts. */
export const countingDisk = (base: DiskShape = realDisk): FaultyDisk => makeFaultyDisk(() => undefined, base)

const codes: ReadonlyArray<FaultCode> = ["EIO", "ENOSPC", "EACCES", "EMFILE"]

/** The faults to try on an operation: every code, and every degree of having done it all the same. */
export const faultsOf = ({ operation }: Performed): ReadonlyArray<Fault> => {
  const writes = ["write", "createWhole", "append", "overwrite", "create"].includes(operation)
  return [
    ...codes.map((code) => ({ code, done: "nothing" }) as const),
    { code: "EIO", done: "all" },
    ...(writes ? [{ code: "ENOSPC", done: "half" } as const] : [])
  ]
}

/** The same files without waiting for the device, for tests that do not ask what a power cut leaves. */
export const fastDisk: DiskShape = {
  ...realDisk,
  createWhole: (path, bytes) => writeFileSync(path, bytes, { flag: "wx" }),
  create: async (path) => ({ ...(await realDisk.create(path)), sync: async () => {} }),
  append: (path, bytes) => realDisk.append(path, bytes, false),
  syncDirectory: () => {}
}
