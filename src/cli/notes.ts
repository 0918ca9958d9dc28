/** What there is to say of a pipeline's runs: PIPELINE.md in a directory of notes. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { DocumentFailed } from "./document-failed.ts"

/** A pipeline need not have notes. Its name comes from a journal, and names no other directory. */
export const notesOf = (
  directory: string,
  pipeline: string
): Effect.Effect<string | undefined, DocumentFailed> => {
  if (!/^[\w.-]+$/.test(pipeline)) return Effect.undefined
  const path = join(directory, `${pipeline}.md`)
  return Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: (cause) => cause
  }).pipe(
    Effect.catch((cause) =>
      cause instanceof Error && "code" in cause && cause.code === "ENOENT"
        ? Effect.undefined
        : Effect.fail(new DocumentFailed({ path, reason: String(cause) }))
    )
  )
}
