/**
 * What an artifact is made of. The manifest is itself a blob, and its digest is the artifact's digest:
 * two artifacts are equal exactly when every file of theirs is.
 */
import { Schema } from "effect"
import { Digest } from "./digest.ts"

export const FileEntry = Schema.Struct({
  digest: Digest,
  /** In bytes. */
  size: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
})
export type FileEntry = typeof FileEntry.Type

/** Whether a file's name is plain, so that it can never lead out of a directory it is exported to. */
export const isPlainName = (file: string): boolean => /^[a-z0-9][a-z0-9._-]*$/i.test(file)

const withPlainNames = Schema.makeFilter((files: { readonly [file: string]: FileEntry }) => {
  const odd = Object.keys(files).find((file) => !isPlainName(file))
  return odd === undefined ? undefined : `has a file called ${JSON.stringify(odd)}`
})

export const Manifest = Schema.Struct({
  format: Schema.Literal(1),
  kind: Schema.String,
  version: Schema.Int,
  files: Schema.Record(Schema.String, FileEntry).check(withPlainNames),
  /** Artifacts that this one is made of and does not repeat, such as the parts of a combined dataset. */
  parts: Schema.Array(Digest)
})
export type Manifest = typeof Manifest.Type

const encode = Schema.encodeSync(Schema.fromJsonString(Manifest))
export const decodeManifest = Schema.decodeUnknownEffect(Schema.fromJsonString(Manifest))

/** The manifest's bytes: JSON with sorted file names and one line feed at the end. */
export const encodeManifest = (manifest: Manifest): Uint8Array => {
  const names = Object.keys(manifest.files).sort()
  const files = Object.fromEntries(
    names.flatMap((name) => {
      const entry = manifest.files[name]
      return entry === undefined ? [] : [[name, { digest: entry.digest, size: entry.size }]]
    })
  )
  return Buffer.from(
    `${encode({ format: 1, kind: manifest.kind, version: manifest.version, files, parts: manifest.parts })}\n`
  )
}
