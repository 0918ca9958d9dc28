/** Tags and params as MLflow has them: flat, and texts. */
import type { Schema } from "effect"
import type { EngineUse, Revision } from "../../artifact/action.ts"
import { leaves } from "../../text/leaves.ts"
import type { Failure } from "../event.ts"
import type { Texts } from "../mlflow/client.ts"

/** `attack.epsilon` → `0.3`; lists of plain values and everything that is no text as JSON. */
export const paramTexts = (params: Schema.Json): Texts =>
  Object.fromEntries(
    leaves(params).map(({ path, value }) => [
      path === "" ? "value" : path,
      typeof value === "string" ? value : JSON.stringify(value)
    ])
  )

export const revisionTags = ({ commit, branch, dirty }: Revision): Texts => ({
  "mlflow.source.git.commit": commit,
  "mlflow.source.git.dirty": String(dirty),
  ...(branch === undefined ? {} : { "mlflow.source.git.branch": branch })
})

export const engineTags = ({ name, device, threads, versions }: EngineUse): Texts => ({
  "advpipe.engine": name,
  "advpipe.engine.device": device,
  "advpipe.engine.threads": String(threads),
  "advpipe.engine.versions": Object.entries(versions)
    .map(([library, version]) => `${library} ${version}`)
    .join(", ")
})

export const failureTags = ({ tag, message, hint, stack }: Failure): Texts => ({
  "advpipe.error": `${tag}: ${message}`,
  ...(hint === undefined ? {} : { "advpipe.error.hint": hint }),
  ...(stack === undefined ? {} : { "advpipe.error.stack": stack })
})

/** Leaves out what is not known. */
export const known = (texts: { readonly [key: string]: string | undefined }): Texts =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]]))
  )
