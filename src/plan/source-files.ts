/**
 * The files that a plan was made from, remembered so that a later process can tell without reading them whether
 * any has changed.
 *
 * Equal size and time count as unchanged, with one exception: a file changed so shortly before it was read that a second
 * change could bear the same time is read again.
 */
import { createHash } from "node:crypto"
import { type BigIntStats, readFileSync, statSync } from "node:fs"

export interface SourceFile {
  readonly path: string
  readonly size: number
  /** Times of the last change to content and to metadata; the second cannot be set back. */
  readonly modified: string
  /** SHA-256 of the content. */
  readonly content: string
  /** The time was too close to the reading to be trusted. */
  readonly racy: boolean
}

const racyNanos = 50_000_000n

const hashOf = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")

const modifiedOf = (stat: BigIntStats): string => `${stat.mtimeNs} ${stat.ctimeNs}`

/** Reads a file together with what will tell whether it changed. */
export const readSource = (path: string): { readonly source: SourceFile; readonly bytes: Buffer } => {
  const before = statSync(path, { bigint: true })
  const bytes = readFileSync(path)
  // A file written while it was read has another stamp by now, and differs from this one next time.
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
  const source = {
    path,
    size: Number(before.size),
    modified: modifiedOf(before),
    content: hashOf(bytes),
    racy: now - before.ctimeNs < racyNanos
  }
  return { source, bytes }
}

/** What has become of a remembered file: the same, or the same with a new stamp, or `undefined` for another content. */
export const recheckSource = (known: SourceFile): SourceFile | undefined => {
  const stat = statSync(known.path, { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  if (!known.racy && Number(stat.size) === known.size && modifiedOf(stat) === known.modified) return known
  const { source } = readSource(known.path)
  return source.content === known.content ? source : undefined
}
