/**
 * Opens artifacts to show something of them.
 *
 * The store verifies a blob by hashing it whole before its first byte is read. That is right for who computes with it, and
 * far too much for who shows ten images of 300,000, beside a training that wants the processor. The run that is shown has
 * verified them, so here blobs are believed.
 */
import { Effect } from "effect"
import { Artifacts } from "../../artifact/artifacts.ts"
import { Blobs } from "../../artifact/blobs.ts"
import type { Digest } from "../../artifact/digest.ts"
import type { ArtifactReader } from "../../artifact/kind.ts"
import { Dataset } from "../../artifact/kinds/dataset.ts"
import type { ContentError } from "./upload.ts"

/** A dataset, ready to give rows; only headers and the order of a combined one have been read. */
export const openDataset = (digest: Digest): Effect.Effect<Dataset, ContentError, Artifacts | Blobs> =>
  Effect.flatMap(openArtifact(digest), Dataset.decode)

/** An artifact whose blobs, and those of its parts, are opened without being hashed. */
export const openArtifact = Effect.fnUntraced(function* (digest: Digest) {
  const reader = yield* Effect.flatMap(Artifacts, (artifacts) => artifacts.reader(digest))
  yield* believe(reader)
  return reader
})

const believe = (reader: ArtifactReader): Effect.Effect<void, ContentError, Blobs> =>
  Effect.gen(function* () {
    const blobs = yield* Blobs
    for (const { digest } of Object.values(reader.manifest.files)) yield* blobs.adopt(digest)
    for (const index of reader.manifest.parts.keys()) yield* believe(yield* reader.part(index))
  })
