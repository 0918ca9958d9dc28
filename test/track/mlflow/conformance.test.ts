/** The client against a real MLflow server, read back through Python's own client. */
import { createHash, randomUUID } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type MlflowShape, makeMlflow } from "../../../src/track/mlflow/client.ts"
import { mlflowPython, sharedMlflow, withoutMlflow } from "../../rig/mlflow-server.ts"
import { settingsOf } from "./settings-of.ts"

const connected = Effect.gen(function* () {
  const server = yield* Effect.promise(sharedMlflow)
  const client = yield* makeMlflow(yield* settingsOf({ MLFLOW_TRACKING_URI: server.address }))
  return { server, client }
})

const newRun = (client: MlflowShape, name = "a run") =>
  Effect.gen(function* () {
    const experiment = yield* client.experimentNamed(`e-${randomUUID()}`)
    const once = { tag: "advpipe.run_key", value: randomUUID() }
    const run = yield* client.createRun({
      experimentId: experiment.id,
      name,
      startTime: 1_700_000_000_000,
      once
    })
    return { experiment, run, once }
  })

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

describe.skipIf(mlflowPython === undefined)(`MLflow's server${withoutMlflow}`, { timeout: 180_000 }, () => {
  it.live("says what it is", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const info = yield* client.server
      assert.match(info.version, /^3\.\d+\.\d+/)
      assert.strictEqual(info.store, "SqlStore")
    })
  )

  it.live("an experiment is made once; a deleted one is an error with its cure", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const name = `it's "${randomUUID()}"`
      const made = yield* client.experimentNamed(name, { "mlflow.note.content": "a note" })
      assert.strictEqual((yield* client.experimentNamed(name)).id, made.id)
      assert.strictEqual((yield* client.experimentById(made.id)).tags["mlflow.note.content"], "a note")
      yield* Effect.promise(() =>
        server.python(
          "import sys, mlflow; mlflow.MlflowClient().delete_experiment(sys.argv[1]); print(1)",
          made.id
        )
      )
      const error = yield* Effect.flip(client.experimentNamed(name))
      assert.strictEqual(error._tag, "MlflowDeleted")
      assert.include(error.hint, `mlflow experiments restore --experiment-id ${made.id}`)
    })
  )

  it.live("params, tags and metric histories arrive as they were logged", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const { run } = yield* newRun(client, "baseline ⇒ é")
      const metrics = Array.from({ length: 2500 }, (_, step) => ({
        key: step % 2 === 0 ? "loss" : "accuracy/test",
        value: 1 / (step + 1),
        timestamp: 1_700_000_000_000 + step,
        step
      }))
      const params = Object.fromEntries(
        Array.from({ length: 230 }, (_, index) => [`attack.p${index}`, `${index}`])
      )
      const tags = { note: "ü\n日本", empty: "" }
      assert.deepStrictEqual(yield* client.log(run.id, { metrics, params, tags }), [])
      yield* client.updateRun(run.id, { status: "FINISHED", endTime: 1_700_000_009_000 })

      const found = yield* Effect.promise(() => server.read("run", run.id))
      assert.propertyVal(found, "name", "baseline ⇒ é")
      assert.propertyVal(found, "status", "FINISHED")
      assert.propertyVal(found, "endTime", 1_700_000_009_000)
      assert.deepNestedPropertyVal(found, "params", params)
      assert.nestedPropertyVal(found, "tags.note", tags.note)
      assert.nestedPropertyVal(found, "tags.empty", "")
      const history = (key: string) =>
        metrics.filter((point) => point.key === key).map(({ key: _, ...point }) => point)
      assert.deepNestedPropertyVal(found, "metrics.loss", history("loss"))
      assert.deepNestedPropertyVal(found, "metrics.accuracy/test", history("accuracy/test"))
      const own = yield* client.metricHistory(run.id, "loss")
      assert.deepStrictEqual(
        own.map(({ key: _, ...point }) => point),
        history("loss")
      )
    })
  )

  it.live("logging the same again changes nothing, NaN and infinities included", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const { run } = yield* newRun(client)
      const values = [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0.5, 1e-300]
      const metrics = values.map((value, step) => ({ key: "m", value, timestamp: 5 + step, step }))
      const entries = { metrics, params: { a: "1" }, tags: { t: "x" } }
      yield* client.log(run.id, { ...entries, metrics: metrics.slice(0, 3) })
      yield* client.log(run.id, entries)
      yield* client.log(run.id, entries)
      const found = yield* Effect.promise(() => server.read("run", run.id))
      const read = [1, "NaN", 1.7976931348623157e308, -1.7976931348623157e308, 0, -0.5, 1e-300]
      assert.deepNestedPropertyVal(
        found,
        "metrics.m",
        read.map((value, step) => ({ value, step, timestamp: 5 + step }))
      )
    })
  )

  it.live("keys that the server would refuse, and values that it would cut, arrive and are told", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const { run } = yield* newRun(client)
      const keys = [
        "acc@5",
        "a=b",
        "../up",
        "/root",
        "a//b",
        "tail/",
        ".",
        "..",
        "...",
        "",
        "100%",
        "🎯",
        "x\0y",
        "a\n"
      ]
      keys.push("é".repeat(300), "_x0040_", "e\u0301", "a,b[c]", "a/./b", "日本 語", "µ²½Ⅷ٣")
      const adjustments = yield* client.log(run.id, {
        metrics: keys.map((key, step) => ({ key, value: step, timestamp: 1, step: step + 0.5 })),
        params: { long: "p".repeat(7000), fine: "q".repeat(6000) },
        tags: { long: "t".repeat(9000), half: "a\uD800b" }
      })
      const found = yield* Effect.promise(() => server.read("run", run.id))
      const metrics = Object.getOwnPropertyDescriptor(found, "metrics")?.value
      assert.lengthOf(Object.keys(metrics), keys.length)
      assert.property(metrics, "acc_x0040_5")
      assert.property(metrics, "日本 語")
      const cut = Object.getOwnPropertyDescriptor(found, "params")?.value.long
      assert.isAtMost(cut.length, 6000)
      assert.include(cut, "it has 7000 characters")
      assert.nestedPropertyVal(found, "params.fine", "q".repeat(6000))
      const told = adjustments.map(({ what, key }) => `${what} ${key}`)
      assert.includeMembers(told, ["metric acc@5", "param long", "tag long", "tag half"])
      assert.notInclude(told, "param fine")
    })
  )

  it.live("a run is created once, and one that may exist is found", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const { experiment, run, once } = yield* newRun(client)
      const again = { experimentId: experiment.id, name: "another", startTime: 1, once }
      assert.strictEqual((yield* client.createRun({ ...again, mayExist: true })).id, run.id)
      assert.notStrictEqual((yield* client.createRun(again)).id, run.id)
      assert.lengthOf(yield* client.runsTagged([experiment.id], once), 2)
      assert.strictEqual((yield* client.run(run.id)).tags[once.tag], once.value)
    })
  )

  it.live("a run that is gone, deleted, or whose param has another value are three errors", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const { run } = yield* newRun(client)
      const gone = yield* Effect.flip(client.log("0123456789abcdef0123456789abcdef", { tags: { a: "b" } }))
      assert.strictEqual(gone._tag, "MlflowNotFound")
      yield* client.log(run.id, { params: { a: "1" } })
      const changed = yield* Effect.flip(client.log(run.id, { params: { a: "2" } }))
      assert.strictEqual(changed._tag, "MlflowInvalid")
      yield* Effect.promise(() =>
        server.python("import sys, mlflow; mlflow.MlflowClient().delete_run(sys.argv[1]); print(1)", run.id)
      )
      const deleted = yield* Effect.flip(client.log(run.id, { tags: { a: "b" } }))
      assert.strictEqual(deleted._tag, "MlflowDeleted")
      assert.isTrue((yield* client.run(run.id)).deleted)
      const search = { experimentIds: [run.experimentId] }
      assert.deepStrictEqual(yield* client.searchRuns(search), [])
      assert.deepInclude((yield* client.searchRuns({ ...search, withDeleted: true }))[0], {
        id: run.id,
        deleted: true
      })
      // Once more: it is no error where there is nothing to restore.
      yield* client.restoreRun(run.id)
      yield* client.restoreRun(run.id)
      yield* client.log(run.id, { tags: { a: "b" } })
    })
  )

  it.live("a run that goes on has no end again", () =>
    Effect.gen(function* () {
      const { client } = yield* connected
      const { run } = yield* newRun(client)
      yield* client.updateRun(run.id, { status: "KILLED", endTime: 5_000 })
      yield* client.updateRun(run.id, { status: "RUNNING", endTime: 0 })
      const found = yield* client.run(run.id)
      assert.strictEqual(found.status, "RUNNING")
      assert.isUndefined(found.endTime)
    })
  )

  it.live("data sets are inputs, and logging them again changes nothing", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const { run } = yield* newRun(client)
      const dataset = {
        name: "mnist train",
        digest: "d".repeat(36),
        sourceType: "http",
        source: '{"url":"https://example.org/mnist"}',
        schema: "{}",
        profile: '{"count":60000}',
        tags: { "mlflow.data.context": "training" }
      }
      yield* client.logInputs(run.id, [dataset])
      yield* client.logInputs(run.id, [dataset])
      const found = yield* Effect.promise(() => server.read("run", run.id))
      assert.deepNestedPropertyVal(found, "inputs", [dataset])
      const error = yield* Effect.flip(client.logInputs(run.id, [{ ...dataset, digest: "d".repeat(64) }]))
      assert.include(error.message, "36")
    })
  )

  it.live("artifacts arrive byte for byte, whatever their names, and replace what was there", () =>
    Effect.gen(function* () {
      const { server, client } = yield* connected
      const { run } = yield* newRun(client)
      const files = [
        ["empty.txt", new Uint8Array()],
        ["images/a b+c~1 é&.png", Buffer.from("png")],
        ["deep/er/still/x.bin", Buffer.alloc(3_000_000, 7)]
      ] as const
      const streamed = Array.from({ length: 40 }, (_, index) => Buffer.alloc(100_000, index))
      yield* client.upload(run.artifactUri, [
        ...files.map(([path, bytes]) => ({
          path,
          contentType: "application/octet-stream",
          content: { _tag: "Bytes", bytes: Effect.succeed(bytes) } as const
        })),
        {
          path: "weights.safetensors",
          contentType: "application/octet-stream",
          content: { _tag: "Stream", size: 4_000_000, stream: Stream.fromIterable(streamed) }
        }
      ])
      const once = {
        path: "empty.txt",
        contentType: "text/plain",
        content: { _tag: "Bytes", bytes: Effect.succeed(Buffer.from("no more")) }
      } as const
      yield* client.upload(run.artifactUri, [once])
      const found = yield* Effect.promise(() => server.read("run", run.id))
      const expected = Object.fromEntries(
        [
          ...files,
          ["weights.safetensors", Buffer.concat(streamed)] as const,
          ["empty.txt", Buffer.from("no more")] as const
        ].map(([path, bytes]) => [path, { size: bytes.length, sha256: sha256(bytes) }])
      )
      assert.deepStrictEqual(Object.getOwnPropertyDescriptor(found, "artifacts")?.value, expected)
      const listed = yield* client.artifacts(run.id, "images")
      assert.deepStrictEqual(listed, [{ path: "images/a b+c~1 é&.png", isDirectory: false, size: 3 }])
      assert.deepStrictEqual(yield* client.artifacts(run.id, "nowhere"), [])
    })
  )

  it.live(
    "a logged model is created, filled, finalised, is the run's output and gets a version with an alias",
    () =>
      Effect.gen(function* () {
        const { server, client } = yield* connected
        const { experiment, run } = yield* newRun(client)
        const once = { tag: "advpipe.model_key", value: randomUUID() }
        const wanted = {
          experimentId: experiment.id,
          name: "baseline",
          sourceRunId: run.id,
          modelType: "classifier",
          params: { layers: "7" },
          tags: { digest: "abc" },
          once
        }
        const model = yield* client.createLoggedModel(wanted)
        assert.strictEqual(model.status, "pending")
        assert.strictEqual((yield* client.createLoggedModel({ ...wanted, mayExist: true })).id, model.id)
        assert.strictEqual((yield* client.loggedModelTagged(experiment.id, once))?.id, model.id)
        assert.isUndefined(yield* client.loggedModelTagged(experiment.id, { ...once, value: randomUUID() }))
        const bytes = Buffer.from("flavors: {}\n")
        yield* client.upload(model.artifactUri, [
          {
            path: "MLmodel",
            contentType: "text/plain",
            content: { _tag: "Bytes", bytes: Effect.succeed(bytes) }
          }
        ])
        assert.strictEqual((yield* client.finaliseLoggedModel(model.id, "ready")).status, "ready")
        yield* client.logOutputs(run.id, [{ modelId: model.id, step: 3 }])
        yield* client.logOutputs(run.id, [{ modelId: model.id, step: 3 }])
        assert.strictEqual((yield* client.finaliseLoggedModel(model.id, "failed")).status, "failed")
        assert.strictEqual((yield* client.finaliseLoggedModel(model.id, "ready")).status, "ready")
        yield* client.tagLoggedModel(model.id, { later: "yes" })
        yield* client.log(run.id, {
          metrics: [{ key: "accuracy", value: 0.5, timestamp: 1, step: 0, modelId: model.id }]
        })
        const found = yield* Effect.promise(() => server.read("model", model.id))
        assert.propertyVal(found, "sourceRunId", run.id)
        assert.deepNestedPropertyVal(found, "params", { layers: "7" })
        assert.nestedPropertyVal(found, "tags.later", "yes")
        const whole = yield* Effect.promise(() => server.read("run", run.id))
        assert.deepNestedPropertyVal(whole, "outputs", [{ modelId: model.id, step: 3 }])

        const name = `m-${randomUUID()}`
        yield* client.registerModel({ name, description: "a model", tags: { a: "b" } })
        yield* client.registerModel({ name })
        const versionOnce = { tag: "advpipe.version_key", value: randomUUID() }
        const wantedVersion = {
          name,
          source: `models:/${model.id}`,
          runId: run.id,
          modelId: model.id,
          once: versionOnce
        }
        const version = yield* client.createModelVersion(wantedVersion)
        assert.strictEqual(
          (yield* client.createModelVersion({ ...wantedVersion, mayExist: true })).version,
          "1"
        )
        assert.isUndefined(yield* client.versionByAlias(name, "champion"))
        yield* client.setAlias(name, "champion", version.version)
        yield* client.tagModelVersion(name, version.version, { "advpipe.made_at": "5" })
        const tagged = yield* client.versionByAlias(name, "champion")
        assert.strictEqual(tagged?.tags["advpipe.made_at"], "5")
        assert.isAbove(tagged?.createdAt ?? 0, 1_700_000_000_000)
        assert.strictEqual((yield* client.versionByAlias(name, "champion"))?.version, "1")
        const registered = yield* Effect.promise(() => server.read("version", name, "1"))
        assert.deepNestedPropertyVal(registered, "aliases", ["champion"])
        assert.propertyVal(registered, "runId", run.id)
      })
  )
})
