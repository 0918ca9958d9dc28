/**
 * Files of our own making that only speed things up: a JSON value under a checksum.
 *
 * One that is absent, torn, edited or of another program version reads as absent. Because the checksum vouches that this
 * program wrote it, the value is not decoded by a schema: that would cost more than the file saves.
 */
import { relative } from "node:path"
import { digestOf } from "./digest.ts"
import { type DiskShape, isSystemError, readText, writeAtomically } from "./disk.ts"
import type { StoreLayout } from "./layout.ts"

/** @param seal what must be the same for the value to mean the same: a format's name and version */
export const readSealed = (disk: DiskShape, layout: StoreLayout, path: string, seal: string): unknown => {
  const text = textOf(disk, path)
  if (text === undefined) return undefined
  const { head, body } = partsOf(text)
  return head === headOf(layout, path, seal, body) ? JSON.parse(body) : undefined
}

/** Whether a file's checksum holds, whatever its seal. That of files from before paths were part of it holds, too. */
export const isSealed = (layout: StoreLayout, path: string, text: string): boolean => {
  const { head, body } = partsOf(text)
  const seal = head.slice(0, Math.max(0, head.lastIndexOf(" ")))
  return head === headOf(layout, path, seal, body) || head === `${seal} ${digestOf(body)}`
}

const partsOf = (text: string): { readonly head: string; readonly body: string } => {
  const end = text.indexOf("\n")
  return { head: text.slice(0, Math.max(0, end)), body: text.slice(end + 1) }
}

/** Seal and path in the store are part of the checksum: a file in another one's place is as good as none. */
const headOf = (layout: StoreLayout, path: string, seal: string, body: string): string =>
  `${seal} ${digestOf(`${seal} ${relative(layout.root, path)}\n${body}`)}`

const textOf = (disk: DiskShape, path: string): string | undefined => {
  try {
    return readText(disk, path)
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
  writeAtomically(disk, layout.scratch, path, Buffer.from(`${headOf(layout, path, seal, body)}\n${body}`))
}
