/** Models in the registry: a version for each, and aliases that point at the newest. */
import { Effect } from "effect"
import type { Registration } from "../content/index.ts"
import { type LoggedModel, Mlflow, type MlflowError, type ModelVersion } from "../mlflow/client.ts"

/** The tag that names a logged model, and its version, for good: its value is the run key of the run that logs it. */
export const modelKeyTag = "advpipe.model_key"

/** When the newest run had the model that asked for this version, in milliseconds since 1970. */
const madeAtTag = "advpipe.made_at"

/** When the newest run had the model for which it was decided whether the alias points here. */
const decidedTag = (alias: string): string => `advpipe.alias.${alias}`

export interface RegisteredModel {
  readonly model: LoggedModel
  readonly modelKey: string
  /** The MLflow run that logged it. */
  readonly runId: string
  /** When the run had it that asks for it, in milliseconds since 1970. */
  readonly at: number
}

/**
 * Makes the model a version of each name that it is to be registered under. Runs may be sent in any order: an alias moves to
 * a model only from one that was made earlier, and once, so that it stays where somebody put it since.
 *
 * @returns what was not done, in sentences
 */
export const register = Effect.fnUntraced(function* (
  { model, modelKey, runId, at }: RegisteredModel,
  registrations: ReadonlyArray<Registration>
): Effect.fn.Return<ReadonlyArray<string>, MlflowError, Mlflow> {
  const mlflow = yield* Mlflow
  const notes: Array<string> = []
  for (const { model: name, alias } of registrations) {
    yield* mlflow.registerModel({ name })
    const own = yield* mlflow.createModelVersion({
      name,
      source: model.artifactUri,
      runId,
      modelId: model.id,
      tags: { [madeAtTag]: String(at) },
      once: { tag: modelKeyTag, value: modelKey },
      mayExist: true
    })
    if (madeAt(own) < at) yield* mlflow.tagModelVersion(name, own.version, { [madeAtTag]: String(at) })
    if (alias === undefined || Number(own.tags[decidedTag(alias)] ?? -1) >= at) continue
    const other = yield* mlflow.versionByAlias(name, alias)
    if (other !== undefined && other.version !== own.version && madeAt(other) >= at)
      notes.push(
        `alias \`${alias}\` of model \`${name}\` stays at version ${other.version}, which is of a later run; version ${own.version} is registered without it`
      )
    else yield* mlflow.setAlias(name, alias, own.version)
    yield* mlflow.tagModelVersion(name, own.version, { [decidedTag(alias)]: String(at) })
  }
  return notes
})

/** Of a version that something else made, when it was registered. */
const madeAt = ({ tags, createdAt }: ModelVersion): number => {
  const told = Number(tags[madeAtTag] ?? Number.NaN)
  return Number.isFinite(told) ? told : createdAt
}
