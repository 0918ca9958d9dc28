/** A tracking server that answers anything: wrong JSON, wrong types, wrong lengths, other pages, addresses elsewhere. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Scope } from "effect"
import fc from "fast-check"
import { makeMlflow } from "../../src/track/mlflow/client.ts"
import { type Behaviour, cut, scriptedServer } from "../track/mlflow/scripted-server.ts"
import { settingsOf } from "../track/mlflow/settings-of.ts"
import { fuzz, timeout } from "./fuzz.ts"
import { mutatedJson } from "./mutations.ts"

const run = {
  info: {
    run_id: "r1",
    run_name: "n",
    experiment_id: "3",
    status: "RUNNING",
    start_time: 1,
    end_time: 2,
    lifecycle_stage: "active",
    artifact_uri: "mlflow-artifacts:/3/r1/artifacts"
  },
  data: {
    metrics: [{ key: "loss", value: 0.5, timestamp: 1, step: 2 }],
    params: [{ key: "a", value: "b" }],
    tags: [{ key: "t", value: "v" }]
  }
}
const valid = [
  { run },
  { runs: [run], next_page_token: "more" },
  { experiment: { experiment_id: "3", name: "e", lifecycle_stage: "active", tags: [] } },
  { experiment_id: "3" },
  { metrics: run.data.metrics, next_page_token: "" },
  { files: [{ path: "a/b", is_dir: false, file_size: 12 }], root_uri: "mlflow-artifacts:/" },
  {
    model: {
      info: {
        model_id: "m",
        experiment_id: "3",
        name: "n",
        artifact_uri: "mlflow-artifacts:/x",
        status: 2,
        creation_timestamp_ms: 1,
        tags: []
      },
      data: { params: [] }
    }
  },
  { model_version: { name: "n", version: "1", source: "s", tags: [] } },
  { error_code: "RESOURCE_DOES_NOT_EXIST", message: "no" },
  {}
].map((each) => JSON.stringify(each))

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers: { readonly [name: string]: string }
}

const answers: fc.Arbitrary<Answer | "cut"> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      status: fc.constantFrom(
        200,
        200,
        200,
        200,
        200,
        204,
        206,
        299,
        301,
        400,
        401,
        403,
        404,
        409,
        413,
        501,
        505
      ),
      type: fc.constantFrom("application/json", "text/html", "application/octet-stream", ""),
      body: fc.oneof(
        { weight: 6, arbitrary: mutatedJson(valid) },
        { weight: 2, arbitrary: fc.constantFrom(...valid) },
        {
          weight: 1,
          arbitrary: fc.constantFrom("<!doctype html><title>a page</title>", "", "null", "\ufeff{}")
        }
      ),
      headers: fc.constantFrom<Answer["headers"]>(
        {},
        { location: "http://user:secret@elsewhere/" },
        { "retry-after": "-1" },
        { "retry-after": "1e400" },
        { "x-odd": "\u00ff" }
      )
    })
  },
  { weight: 1, arbitrary: fc.constant("cut" as const) }
)

const behaviour = (answer: Answer | "cut"): Behaviour =>
  answer === "cut"
    ? cut
    : (_, response) => {
        response.writeHead(answer.status, { "content-type": answer.type, ...answer.headers }).end(answer.body)
      }

describe("a hostile tracking server", () => {
  it(
    "gets a typed refusal, or an answer that is what it should be; secrets and requests go nowhere else",
    () =>
      Effect.gen(function* () {
        const script: Array<Answer | "cut"> = []
        const server = yield* scriptedServer(() =>
          behaviour(script.shift() ?? { status: 200, type: "application/json", body: "{}", headers: {} })
        )
        const settings = yield* settingsOf({
          MLFLOW_TRACKING_URI: server.address,
          MLFLOW_TRACKING_TOKEN: "the-secret",
          MLFLOW_HTTP_REQUEST_MAX_RETRIES: "1"
        })
        const scope = yield* Scope.Scope
        const client = yield* Scope.provide(makeMlflow(settings), scope)
        const once = { tag: "advpipe.run_key", value: "k" }
        const calls = [
          client.server,
          client.experimentNamed("e"),
          client.experimentById("3"),
          client.createRun({ experimentId: "3", name: "n", startTime: 1, once }),
          client.run("r1"),
          client.searchRuns({ experimentIds: ["3"] }),
          client.runsTagged(["3"], once),
          client.metricHistory("r1", "loss"),
          client.artifacts("r1", "a"),
          client.loggedModel("m"),
          client.versionByAlias("n", "a"),
          client.log("r1", { metrics: [{ key: "k", value: 1, timestamp: 1, step: 1 }] })
        ] as const
        const { taken, refused } = yield* Effect.promise(() =>
          fuzz({
            inputs: fc.record({
              call: fc.nat(calls.length - 1),
              script: fc.array(answers, { minLength: 1, maxLength: 3 })
            }),
            read: (input) =>
              Effect.suspend(
                (): Effect.Effect<unknown, { readonly _tag: string; readonly message: string }> => {
                  script.splice(0, script.length, ...input.script)
                  return calls[input.call] ?? Effect.void
                }
              ).pipe(
                Effect.tapError((error) => Effect.sync(() => assert.notInclude(error.message, "secret")))
              ),
            bound: () => 64 << 20,
            runs: 500
          })
        )
        assert.isAbove(taken, 0)
        assert.isAbove(Object.keys(refused).length, 3)
      }).pipe(Effect.scoped, Effect.runPromise),
    timeout
  )
})
