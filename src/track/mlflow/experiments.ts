/** Experiments: found, or made; never taken out of the trash. */
import { Effect } from "effect"
import { Answers, type Experiment, experimentOf } from "./answers.ts"
import type { MlflowShape } from "./client.ts"
import { MlflowDeleted, type MlflowError } from "./errors.ts"
import { pairsOf } from "./text.ts"
import type { Transport } from "./transport.ts"

type Experiments = Pick<MlflowShape, "experimentNamed" | "experimentById" | "tagExperiment">

const path = "/api/2.0/mlflow/experiments"

export const makeExperiments = (transport: Transport): Experiments => {
  const active =
    (action: string) =>
    ({ experiment }: typeof Answers.experiment.Type): Effect.Effect<Experiment, MlflowDeleted> =>
      experiment.lifecycle_stage === "deleted"
        ? new MlflowDeleted({
            server: transport.address,
            action,
            what: "experiment",
            id: experiment.experiment_id
          })
        : Effect.succeed(experimentOf(experiment))

  const byId = (id: string): Effect.Effect<Experiment, MlflowError> => {
    const action = `use experiment ${id}`
    const query = [["experiment_id", id]] as const
    return Effect.flatMap(
      transport.call({ action, method: "GET", path: `${path}/get`, query }, Answers.experiment),
      active(action)
    )
  }

  const byName = (name: string): Effect.Effect<Experiment, MlflowError> => {
    const action = `use experiment \`${name}\``
    const query = [["experiment_name", name]] as const
    return Effect.flatMap(
      transport.call({ action, method: "GET", path: `${path}/get-by-name`, query }, Answers.experiment),
      active(action)
    )
  }

  return {
    experimentById: byId,

    experimentNamed: (name, tags = {}) =>
      Effect.catchTag(byName(name), "MlflowNotFound", () =>
        transport
          .call(
            {
              action: `create experiment \`${name}\``,
              method: "POST",
              path: `${path}/create`,
              json: { tags: pairsOf(tags), name }
            },
            Answers.experimentId
          )
          .pipe(
            Effect.flatMap(({ experiment_id }) => byId(experiment_id)),
            // Another process was faster, or our own request that got no answer.
            Effect.catchTag("MlflowInvalid", (error) =>
              error.code === "RESOURCE_ALREADY_EXISTS" ? byName(name) : Effect.fail(error)
            )
          )
      ),

    tagExperiment: (id, tags) =>
      Effect.forEach(
        pairsOf(tags),
        ({ key, value }) =>
          transport.call(
            {
              action: `tag experiment ${id}`,
              method: "POST",
              path: `${path}/set-experiment-tag`,
              json: { key, value, experiment_id: id }
            },
            Answers.nothing
          ),
        { discard: true }
      )
  }
}
