/**
 * Files of our own making that only speed things up: a JSON value under a checksum.
 *
 * One that is absent, torn, edited or of another program version reads as absent. Because the checksum vouches that this
 * program wrote it, the value is not decoded by a schema: that would cost more than the file saves.
 */
import { digestOf } from "./digest.ts"
import { type DiskShape, isSystemError, writeAtomically } from "./disk.ts"
import type { StoreLayout } from "./layout.ts"

/** @param seal what must be the same for the value to mean the same: a format's name and version */
export const readSealed = (disk: DiskShape, path: string, seal: string): unknown => {
  const text = readText(disk, path)
  if (text === undefined) return undefined
  const end = text.indexOf("\n")
  const body = text.slice(end + 1)
  return text.slice(0, end) === `${seal} ${digestOf(body)}` ? JSON.parse(body) : undefined
}

const readText = (disk: DiskShape, path: string): string | undefined => {
  try {
    return Buffer.from(disk.readFile(path)).toString("utf8")
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

export const writeSealed = (
  disk: DiskShape,
  layout: StoreLayout,
  path: string,
  seal: string,
  value: object
): void => {
  const body = JSON.stringify(value)
  disk.makeDirectory(layout.scratch)
  writeAtomically(disk, layout.scratch, path, Buffer.from(`${seal} ${digestOf(body)}\n${body}`))
}
