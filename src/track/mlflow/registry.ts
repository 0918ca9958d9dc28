/** The model registry: names, versions, aliases. */
import { Effect } from "effect"
import { Answers, type ModelVersion, modelVersionOf } from "./answers.ts"
import type { MlflowShape } from "./client.ts"
import { MlflowInvalid } from "./errors.ts"
import { serverKey } from "./key.ts"
import { withTag } from "./once.ts"
import type { NewModelVersion } from "./requests.ts"
import { createdOnce } from "./retry.ts"
import { pairsOf } from "./text.ts"
import type { Transport } from "./transport.ts"

type Registry = Pick<
  MlflowShape,
  "registerModel" | "createModelVersion" | "tagModelVersion" | "setAlias" | "versionByAlias"
>

const path = "/api/2.0/mlflow"

export const makeRegistry = (transport: Transport): Registry => ({
  registerModel: ({ name, description, tags = {} }) => {
    const action = `register model \`${name}\``
    if (name.trim() === "" || /[/:]/.test(name))
      return new MlflowInvalid({
        server: transport.address,
        action,
        code: "",
        reason: "the name is empty, or has a `/` or a `:`",
        cure: "take another name"
      })
    return transport
      .call(
        {
          action,
          method: "POST",
          path: `${path}/registered-models/create`,
          json: { tags: pairsOf(tags), ...(description === undefined ? {} : { description }), name },
          registry: true
        },
        Answers.nothing
      )
      .pipe(
        Effect.asVoid,
        Effect.catchTag("MlflowInvalid", (error) =>
          error.code === "RESOURCE_ALREADY_EXISTS" ? Effect.void : Effect.fail(error)
        )
      )
  },

  createModelVersion: (version) => {
    const create = Effect.map(
      transport.attempt(
        {
          action: `create a version of model \`${version.name}\``,
          method: "POST",
          path: `${path}/model-versions/create`,
          json: {
            source: version.source,
            ...(version.runId === undefined ? {} : { run_id: version.runId }),
            ...(version.modelId === undefined ? {} : { model_id: version.modelId }),
            ...(version.description === undefined ? {} : { description: version.description }),
            tags: pairsOf(withTag(version.once, version.tags)),
            name: version.name
          },
          registry: true
        },
        Answers.modelVersion
      ),
      ({ model_version }): ModelVersion => modelVersionOf(model_version)
    )
    return createdOnce(transport.retry, {
      find: findVersion(transport, version),
      create,
      mayExist: version.mayExist
    })
  },

  tagModelVersion: (name, version, tags) =>
    Effect.forEach(
      pairsOf(tags),
      ({ key, value }) =>
        transport.call(
          {
            action: `tag version ${version} of model \`${name}\``,
            method: "POST",
            path: `${path}/model-versions/set-tag`,
            json: { key: serverKey(key), value, version, name },
            registry: true
          },
          Answers.nothing
        ),
      { discard: true }
    ),

  setAlias: (name, alias, version) =>
    Effect.asVoid(
      transport.call(
        {
          action: `point alias \`${alias}\` at version ${version} of model \`${name}\``,
          method: "POST",
          path: `${path}/registered-models/alias`,
          json: { alias, version, name },
          registry: true
        },
        Answers.nothing
      )
    ),

  versionByAlias: (name, alias) =>
    Effect.map(
      transport.call(
        {
          action: `find alias \`${alias}\` of model \`${name}\``,
          method: "GET",
          path: `${path}/registered-models/alias`,
          query: [
            ["name", name],
            ["alias", alias]
          ],
          registry: true
        },
        Answers.modelVersion
      ),
      ({ model_version }): ModelVersion | undefined => modelVersionOf(model_version)
    ).pipe(
      // MLflow's own server takes the alias for a wrong parameter.
      Effect.catchTags({
        MlflowNotFound: () => Effect.succeed(undefined),
        MlflowInvalid: (error) =>
          /alias .* not found/i.test(error.reason) ? Effect.succeed(undefined) : Effect.fail(error)
      })
    )
})

/** Newest first, so that the version of a moment ago is on the first page; not every registry filters by tags. */
const findVersion = (transport: Transport, { name, once }: NewModelVersion) => {
  const quote = name.includes("'") ? '"' : "'"
  return Effect.map(
    transport.attempt(
      {
        action: `search versions of model \`${name}\``,
        method: "GET",
        path: `${path}/model-versions/search`,
        query: [
          ["filter", `name = ${quote}${name}${quote}`],
          ["max_results", "200"],
          ["order_by", "version_number DESC"]
        ],
        registry: true
      },
      Answers.modelVersions
    ),
    ({ model_versions }) =>
      model_versions.map(modelVersionOf).find(({ tags }) => tags[serverKey(once.tag)] === once.value)
  )
}
