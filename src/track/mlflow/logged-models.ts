/** Logged models: entities of their own since MLflow 3. */
import { Effect } from "effect"
import { Answers, type LoggedModel, loggedModelOf } from "./answers.ts"
import { batchesOf } from "./batches.ts"
import type { MlflowShape } from "./client.ts"
import { tagFilter, withTag } from "./once.ts"
import type { Once } from "./requests.ts"
import { createdOnce } from "./retry.ts"
import { pairsOf } from "./text.ts"
import type { Transport } from "./transport.ts"

type LoggedModels = Pick<
  MlflowShape,
  "createLoggedModel" | "loggedModel" | "loggedModelTagged" | "finaliseLoggedModel" | "tagLoggedModel"
>

const path = "/api/2.0/mlflow/logged-models"

export const makeLoggedModels = (transport: Transport): LoggedModels => ({
  loggedModelTagged: (experimentId, once) => transport.retry(findTagged(transport, experimentId, once)),

  createLoggedModel: Effect.fnUntraced(function* (model) {
    const { batches, adjustments } = batchesOf({ params: model.params ?? {} })
    yield* Effect.forEach(adjustments, ({ message }) => Effect.logWarning(message), { discard: true })
    const json = {
      name: model.name,
      ...(model.modelType === undefined ? {} : { model_type: model.modelType }),
      source_run_id: model.sourceRunId,
      params: batches.flatMap((batch) => (batch.kind === "params" ? batch.params : [])),
      tags: pairsOf(withTag(model.once, model.tags)),
      experiment_id: model.experimentId
    }
    const find = findTagged(transport, model.experimentId, model.once)
    const create = Effect.map(
      transport.attempt(
        { action: `create logged model \`${model.name}\``, method: "POST", path, json },
        Answers.loggedModel
      ),
      ({ model: made }): LoggedModel => loggedModelOf(made)
    )
    return yield* createdOnce(transport.retry, { find, create, mayExist: model.mayExist })
  }),

  loggedModel: (id) =>
    Effect.map(
      transport.call(
        { action: `read logged model ${id}`, method: "GET", path: `${path}/${encodeURIComponent(id)}` },
        Answers.loggedModel
      ),
      ({ model }) => loggedModelOf(model)
    ),

  finaliseLoggedModel: (id, status) =>
    Effect.map(
      transport.call(
        {
          action: `finalise logged model ${id}`,
          method: "PATCH",
          path: `${path}/${encodeURIComponent(id)}`,
          json: {
            status: status === "ready" ? "LOGGED_MODEL_READY" : "LOGGED_MODEL_UPLOAD_FAILED",
            model_id: id
          }
        },
        Answers.loggedModel
      ),
      ({ model }) => loggedModelOf(model)
    ),

  tagLoggedModel: (id, tags) =>
    Effect.asVoid(
      transport.call(
        {
          action: `tag logged model ${id}`,
          method: "PATCH",
          path: `${path}/${encodeURIComponent(id)}/tags`,
          json: { tags: pairsOf(tags), model_id: id }
        },
        Answers.nothing
      )
    )
})

const findTagged = (transport: Transport, experimentId: string, once: Once) =>
  Effect.map(
    transport.attempt(
      {
        action: "search logged models",
        method: "POST",
        path: `${path}/search`,
        json: { filter: tagFilter(once), max_results: 1, experiment_ids: [experimentId] }
      },
      Answers.loggedModels
    ),
    ({ models: [found] }) => (found === undefined ? undefined : loggedModelOf(found))
  )
