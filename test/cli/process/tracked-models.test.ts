/** A model that a run trains, on an MLflow server that asks who is there: as Python's own client finds it. */
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { cli } from "../../rig/cli.ts"
import { MlflowServer, mlflowPython, withoutMlflow } from "../../rig/mlflow-server.ts"
import { TestProject } from "../../rig/project.ts"

const project = new TestProject()
afterAll(() => project.remove())

const user = { MLFLOW_TRACKING_USERNAME: "admin", MLFLOW_TRACKING_PASSWORD: "a planted secret 8fc1" }

const look = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
version = client.get_model_version_by_alias(sys.argv[1], "champion")
run = client.get_run(version.run_id)
model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
print(json.dumps({
    "versions": len(client.search_model_versions(f"name = '{sys.argv[1]}'")),
    "name": model.name,
    "status": str(model.status),
    "metrics": {m.key: [m.step, m.timestamp, m.value] for m in model.metrics},
    "histories": {key: [[m.step, m.timestamp, m.value] for m in client.get_metric_history(run.info.run_id, key)]
                  for key in run.data.metrics if not key.startswith("system/")},
    "outputs": len(run.outputs.model_outputs),
    "source": version.source == model.artifact_location,
}))
`

/** Step, time and value. */
const Point = Schema.Tuple([Schema.Int, Schema.Int, Schema.Finite])
const decode = Schema.decodeUnknownSync(
  Schema.Struct({
    versions: Schema.Int,
    name: Schema.String,
    status: Schema.String,
    metrics: Schema.Record(Schema.String, Point),
    histories: Schema.Record(Schema.String, Schema.Array(Point)),
    outputs: Schema.Int,
    source: Schema.Boolean
  })
)

const size = ["trainCount=1200", "testCount=100", "baseline.epochs=3"]
const words = [
  "mnist-advtrain",
  "--preset",
  "demo",
  "--only",
  "baseline",
  ...size.flatMap((set) => ["--set", set])
]

describe.skipIf(mlflowPython === undefined)(`a trained model${withoutMlflow}`, { timeout: 240_000 }, () => {
  let server: MlflowServer
  beforeAll(async () => {
    server = await MlflowServer.start({
      args: ["--app-name=basic-auth"],
      env: {
        MLFLOW_FLASK_SERVER_SECRET_KEY: "a key for this test",
        MLFLOW_AUTH_ADMIN_PASSWORD: user.MLFLOW_TRACKING_PASSWORD
      },
      client: user
    })
  }, 180_000)
  afterAll(() => server?.remove())

  test("is registered once, is the run's output, and shows the last point of each of its curves", async () => {
    const env = {
      ...user,
      MLFLOW_TRACKING_URI: server.address,
      PIPELINE_MLFLOW_REGISTER: "baseline=digits@champion",
      PIPELINE_TRACK_WAIT: "60"
    }
    const { code, stderr } = await cli(project, ["run", ...words], { env })
    expect(code, stderr).toBe(0)
    expect(await cli(project, ["track", "sync"], { env })).toMatchObject({ code: 0 })
    const seen = decode(await server.python(look, "digits"))
    expect(seen).toMatchObject({ versions: 1, name: "baseline", status: "READY", outputs: 1, source: true })

    const logged = project
      .journal()
      .flatMap((event) => (event._tag === "Metric" && event.node === "baseline" ? [event] : []))
    const last = new Map(logged.map((event) => [event.name, event]))
    expect(Object.keys(seen.metrics).sort()).toEqual([...last.keys()].sort())
    for (const [name, { value, at }] of last) {
      const [, timestamp, found] = seen.metrics[name] ?? []
      expect({ name, timestamp, found }).toEqual({ name, timestamp: at, found: value })
      // It is the run's own last point, not one more.
      expect(seen.histories[name]).toHaveLength(logged.filter((event) => event.name === name).length)
      expect(seen.histories[name]).toContainEqual(seen.metrics[name])
    }
  })

  test("that is found in the cache is registered too, from the run that computed it", async () => {
    const env = {
      ...user,
      MLFLOW_TRACKING_URI: server.address,
      PIPELINE_MLFLOW_REGISTER: "baseline=found@champion",
      PIPELINE_TRACK_WAIT: "60"
    }
    const { code, stderr } = await cli(project, ["run", ...words], { env })
    expect(code, stderr).toBe(0)
    expect(await cli(project, ["track", "sync"], { env })).toMatchObject({ code: 0 })
    const [found, trained] = [await server.python(look, "found"), await server.python(look, "digits")]
    expect(decode(found)).toEqual(decode(trained))
  })

  test("is refused to who is not known, with the cure", async () => {
    const env = { ...user, MLFLOW_TRACKING_PASSWORD: "another", MLFLOW_TRACKING_URI: server.address }
    const { code, stderr } = await cli(project, ["track", "sync"], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(/401[\s\S]*hint: .*MLFLOW_TRACKING_/)
    expect(stderr).not.toContain("another")
  })
})
