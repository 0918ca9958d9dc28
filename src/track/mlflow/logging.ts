/** Params, tags and metrics of a run; what it used and what it made. */
import { Effect } from "effect"
import { Answers, type MetricPoint, metricOf } from "./answers.ts"
import { type Batch, batchesOf } from "./batches.ts"
import type { MlflowShape } from "./client.ts"
import { type MlflowError, MlflowInvalid } from "./errors.ts"
import { serverKey } from "./key.ts"
import { allPages } from "./pages.ts"
import type { LoggedDataset } from "./requests.ts"
import { pairsOf, storable } from "./text.ts"
import type { Transport } from "./transport.ts"

type Logging = Pick<MlflowShape, "log" | "metricHistory" | "logInputs" | "logOutputs">

export const makeLogging = (transport: Transport): Logging => {
  const logBatch = (runId: string, entries: object) =>
    transport.call(
      {
        action: `log to run ${runId}`,
        method: "POST",
        path: "/api/2.0/mlflow/runs/log-batch",
        json: { ...entries, run_id: runId }
      },
      Answers.nothing
    )

  const send = (runId: string, batch: Batch): Effect.Effect<unknown, MlflowError> => {
    const { kind, ...entries } = batch
    const whole = logBatch(runId, entries)
    if (batch.kind !== "nan") return whole
    // Some of them are there already, or one came twice: one at a time, the others get through.
    return Effect.catch(whole, (error) =>
      isThereAlready(error)
        ? Effect.forEach(
            batch.metrics,
            (point) =>
              logBatch(runId, { metrics: [point] }).pipe(
                Effect.catch((again) => (isThereAlready(again) ? Effect.void : Effect.fail(again)))
              ),
            { discard: true }
          )
        : Effect.fail(error)
    )
  }

  return {
    log: Effect.fnUntraced(function* (runId, entries) {
      const { batches, adjustments } = batchesOf(entries)
      yield* Effect.forEach(batches, (batch) => send(runId, batch), { discard: true })
      return adjustments
    }),

    metricHistory: (runId, key) =>
      allPages((token) =>
        Effect.map(
          transport.call(
            {
              action: `read metric \`${key}\` of run ${runId}`,
              method: "GET",
              path: "/api/2.0/mlflow/metrics/get-history",
              query: [
                ["run_id", runId],
                ["metric_key", serverKey(storable(key))],
                // Without it, some versions answer with an empty page for ever.
                ["max_results", "25000"],
                ["page_token", token]
              ]
            },
            Answers.metrics
          ),
          ({ metrics, next_page_token }) => ({
            items: metrics.map((wire): MetricPoint => ({ ...metricOf(wire), key })),
            next: next_page_token
          })
        )
      ),

    logInputs: Effect.fnUntraced(function* (runId, datasets) {
      if (datasets.length === 0) return
      yield* Effect.forEach(datasets, (dataset) => checkDataset(transport.address, dataset), {
        discard: true
      })
      yield* transport.call(
        {
          action: `log the inputs of run ${runId}`,
          method: "POST",
          path: "/api/2.0/mlflow/runs/log-inputs",
          json: {
            datasets: datasets.map(({ name, digest, sourceType, source, schema, profile, tags = {} }) => ({
              tags: pairsOf(tags),
              dataset: {
                name,
                digest,
                source_type: sourceType,
                source,
                ...(schema === undefined ? {} : { schema }),
                ...(profile === undefined ? {} : { profile })
              }
            })),
            run_id: runId
          }
        },
        Answers.nothing
      )
    }),

    // One at a time: one that is there already keeps out those that come with it.
    logOutputs: (runId, models) =>
      Effect.forEach(
        models,
        ({ modelId, step = 0 }) =>
          transport
            .call(
              {
                action: `log the outputs of run ${runId}`,
                method: "POST",
                path: "/api/2.0/mlflow/runs/outputs",
                json: { models: [{ model_id: modelId, step }], run_id: runId }
              },
              Answers.nothing
            )
            .pipe(Effect.catch((error) => (isThereAlready(error) ? Effect.void : Effect.fail(error)))),
        { discard: true }
      )
  }
}

/** How a database says that a row is there. Servers pass it on as a request that is wrong. */
const isThereAlready = (error: MlflowError): boolean =>
  error._tag === "MlflowInvalid" &&
  error.code === "BAD_REQUEST" &&
  /UNIQUE constraint|IntegrityError|duplicate key|duplicate entry/i.test(error.reason)

const datasetLimits = {
  name: 500,
  digest: 36,
  source: 65_535,
  schema: 1_048_575,
  profile: 16_777_215
} as const

const checkDataset = (server: string, dataset: LoggedDataset): Effect.Effect<void, MlflowInvalid> => {
  const long = (["name", "digest", "source", "schema", "profile"] as const).find(
    (field) => (dataset[field]?.length ?? 0) > datasetLimits[field]
  )
  if (long === undefined) return Effect.void
  return new MlflowInvalid({
    server,
    action: `log data set \`${dataset.name.slice(0, 100)}\``,
    code: "",
    reason: `its ${long} has ${dataset[long]?.length} characters, and the server takes ${datasetLimits[long]}`
  })
}
