/** Breaks a store on purpose. */
import { chmodSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { Schema } from "effect"
import type { Digest } from "../../src/artifact/digest.ts"
import type { StoreLayout } from "../../src/artifact/layout.ts"
import { Manifest } from "../../src/artifact/manifest.ts"

export type How = "flip" | "truncate" | "delete" | "record" | "torn"

const decodeManifest = Schema.decodeUnknownSync(Schema.fromJsonString(Manifest))

/** Damages one blob of an artifact, or the action record that names it. `which` chooses the blob. */
export const damage = (
  layout: StoreLayout,
  how: How,
  { key, artifact }: { readonly key: Digest; readonly artifact: Digest },
  which: number
): void => {
  const record = layout.action(key)
  if (how === "record" || how === "torn") {
    const bytes = readFileSync(record)
    rmSync(record)
    if (how === "torn") writeFileSync(record, bytes.subarray(0, 40))
    return
  }
  const manifest = decodeManifest(readFileSync(layout.blob(artifact), "utf8"))
  const blobs = [artifact, ...Object.values(manifest.files).map(({ digest }) => digest)]
  const path = layout.blob(blobs[which % blobs.length] ?? artifact)
  chmodSync(path, 0o644)
  if (how === "delete") rmSync(path)
  else if (how === "truncate") truncateSync(path, 3)
  else {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }
}
