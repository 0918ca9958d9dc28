/** The client against servers that fail, lie, stall and cut connections. Time is virtual: no test waits. */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { isTransient, type MlflowError, makeMlflow } from "../../../src/track/mlflow/client.ts"
import {
  cut,
  error,
  html,
  json,
  type ScriptedServer,
  scriptedServer,
  silence,
  text
} from "./scripted-server.ts"
import { settingsOf } from "./settings-of.ts"

const connect = Effect.fnUntraced(function* (
  server: Pick<ScriptedServer, "address">,
  environment: { readonly [name: string]: string } = {}
) {
  const settings = yield* settingsOf({
    MLFLOW_TRACKING_URI: server.address,
    MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: "2",
    ...environment
  })
  return yield* makeMlflow(settings)
})

/** Lets virtual time pass, a second after each round of real input and output, until the effect has ended. */
const inVirtualTime = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    for (let round = 0; round < 20_000 && fiber.pollUnsafe() === undefined; round++) {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
      yield* TestClock.adjust("1 second")
    }
    return yield* Fiber.join(fiber)
  })

const once = { tag: "advpipe.run_key", value: "k1" }
const newRun = { experimentId: "3", name: "a run", startTime: 1000, once }
const run = {
  info: { run_id: "r1", experiment_id: "3", artifact_uri: "mlflow-artifacts:/3/r1/artifacts" },
  data: {}
}
const created = json({ run })
const found = json({ runs: [run] })

describe("what is tried again", () => {
  it.effect("a server that is overloaded gets the time that it asks for, not less", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([
        text("slow down", 429, { "retry-after": "30" }),
        json({ error_code: "TEMPORARILY_UNAVAILABLE", message: "database is locked" }, 503),
        json({})
      ])
      const client = yield* connect(server)
      yield* inVirtualTime(client.log("r1", { tags: { a: "b" } }))
      assert.lengthOf(server.asked, 3)
      assert.isAtLeast(yield* Clock.currentTimeMillis, 30_000 + 4_000)
      assert.deepStrictEqual(server.body(0), server.body(2))
    })
  )

  it.effect("Retry-After may be a date, may be ignored, and has a limit", () =>
    Effect.gen(function* () {
      // Virtual time starts in 1970.
      const date = new Date(60_000).toUTCString()
      const dated = yield* scriptedServer([text("", 503, { "retry-after": date }), json({})])
      yield* inVirtualTime((yield* connect(dated)).log("r1", { tags: { a: "b" } }))
      const afterDate = yield* Clock.currentTimeMillis
      assert.isAtLeast(afterDate, 60_000)

      const rude = yield* scriptedServer([text("", 503, { "retry-after": "86400" }), json({})])
      yield* inVirtualTime((yield* connect(rude)).log("r1", { tags: { a: "b" } }))
      const afterRude = yield* Clock.currentTimeMillis
      assert.isAtMost(afterRude - afterDate, 700_000)

      const ignored = yield* scriptedServer([text("", 503, { "retry-after": "300" }), json({})])
      const client = yield* connect(ignored, { MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER: "false" })
      yield* inVirtualTime(client.log("r1", { tags: { a: "b" } }))
      assert.isAtMost((yield* Clock.currentTimeMillis) - afterRude, 60_000)
    })
  )

  it.effect("gives up after as many times as the settings say", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([error(503, "TEMPORARILY_UNAVAILABLE", "database is locked")])
      const client = yield* connect(server, { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "3" })
      const failure = yield* Effect.flip(inVirtualTime(client.run("r1")))
      assert.lengthOf(server.asked, 4)
      assert.strictEqual(failure._tag, "MlflowServerFault")
      assert.isTrue(isTransient(failure))
      assert.include(failure.message, "database is locked")
    })
  )

  const refusals: ReadonlyArray<readonly [string, ReturnType<typeof error>, MlflowError["_tag"], number]> = [
    ["a request that is wrong", error(400, "INVALID_PARAMETER_VALUE", "bad key"), "MlflowInvalid", 1],
    ["what is not there", error(404, "RESOURCE_DOES_NOT_EXIST", "no run"), "MlflowNotFound", 1],
    ["wrong credentials", text("You are not authenticated", 401), "MlflowRefused", 1],
    ["missing permissions", text("Permission denied", 403), "MlflowRefused", 1],
    [
      "a foreign host",
      text("Invalid Host header - possible DNS rebinding attack detected", 403),
      "MlflowHostRefused",
      1
    ],
    ["a page that is not there", html("404 Not Found", 404), "MlflowUnsupported", 1],
    ["another site", html("Welcome"), "MlflowUnsupported", 1],
    ["JSON that no MLflow says", json({ run: { info: 7 } }), "MlflowServerFault", 1],
    ["half a JSON", text('{"run":{'), "MlflowServerFault", 1],
    ["a request that a proxy finds too large", html("413", 413), "MlflowLimited", 1],
    ["what the server cannot do", error(501, "NOT_IMPLEMENTED"), "MlflowUnsupported", 1],
    [
      "workspaces where there are none",
      error(500, "FEATURE_DISABLED", "workspaces are off"),
      "MlflowUnsupported",
      1
    ],
    ["a broken state", error(500, "INVALID_STATE"), "MlflowServerFault", 1],
    ["a crash of the server, once", html("Internal Server Error", 500), "MlflowServerFault", 2],
    ["a gateway without its server, several times", html("502 Bad Gateway", 502), "MlflowServerFault", 8]
  ]
  it.effect.each(refusals)("%s", ([, behaviour, tag, requests]) =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([behaviour])
      const client = yield* connect(server)
      const failure = yield* Effect.flip(inVirtualTime(client.run("r1")))
      assert.strictEqual(failure._tag, tag)
      assert.lengthOf(server.asked, requests)
      assert.include(failure.message, server.address)
      assert.include(failure.message, "read run r1")
      assert.isAbove(failure.hint.length, 10)
    })
  )

  it.effect("a server that redirects is named, and not followed", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([
        text("", 301, { location: "https://user:secret@other.example/mlflow" })
      ])
      const failure = yield* Effect.flip(inVirtualTime((yield* connect(server)).run("r1")))
      assert.include(failure.message, "https://other.example/mlflow")
      assert.notInclude(failure.message, "secret")
      assert.lengthOf(server.asked, 1)
    })
  )

  it.effect("nobody listens", () =>
    Effect.gen(function* () {
      const client = yield* connect(
        { address: "http://127.0.0.1:1" },
        { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "2" }
      )
      const failure = yield* Effect.flip(inVirtualTime(client.run("r1")))
      assert.strictEqual(failure._tag, "MlflowUnreachable")
      assert.propertyVal(failure, "mayHaveArrived", false)
      assert.include(failure.message, "ECONNREFUSED")
    })
  )

  it.effect("a server that falls silent is given up and asked again", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([silence, created])
      const client = yield* connect(server, { MLFLOW_HTTP_REQUEST_TIMEOUT: "30" })
      assert.strictEqual((yield* inVirtualTime(client.run("r1"))).id, "r1")
      assert.isAtLeast(yield* Clock.currentTimeMillis, 30_000)
      assert.lengthOf(server.asked, 2)
    })
  )

  it.effect("an answer without end is not taken", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([
        (_, response) => {
          response.writeHead(200)
          const block = Buffer.alloc(1 << 20, "x")
          const more = () => {
            while (!response.destroyed && response.write(block));
            if (!response.destroyed) response.once("drain", more)
          }
          more()
        }
      ])
      const client = yield* connect(server, { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" })
      const failure = yield* Effect.flip(inVirtualTime(client.run("r1")))
      assert.include(failure.message, "an answer of more than")
    })
  )
})

describe("what must not be done twice", () => {
  it.effect("a run whose creation got no answer is looked for before it is created again", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([cut, found])
      const client = yield* connect(server)
      assert.strictEqual((yield* inVirtualTime(client.createRun(newRun))).id, "r1")
      const paths = server.asked.map(({ path }) => path)
      assert.deepStrictEqual(paths, ["/api/2.0/mlflow/runs/create", "/api/2.0/mlflow/runs/search"])
      assert.deepInclude(server.body(1), { experiment_ids: ["3"], filter: "tags.`advpipe.run_key` = 'k1'" })
    })
  )

  it.effect("it is created again if it is not there", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([html("", 502), json({}), created])
      const client = yield* connect(server)
      assert.strictEqual((yield* inVirtualTime(client.createRun(newRun))).id, "r1")
      const calls = server.asked.map(({ path }) => path.split("/").at(-1))
      assert.deepStrictEqual(calls, ["create", "search", "create"])
      assert.deepNestedInclude(server.body(0), {
        tags: [
          { key: "advpipe.run_key", value: "k1" },
          { key: "mlflow.runName", value: "a run" }
        ]
      })
    })
  )

  it.effect("a search that fails is tried again, never passed over", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([cut, cut, html("", 503), found])
      const client = yield* connect(server)
      assert.strictEqual((yield* inVirtualTime(client.createRun(newRun))).id, "r1")
      const calls = server.asked.map(({ path }) => path.split("/").at(-1))
      assert.deepStrictEqual(calls, ["create", "search", "search", "search"])
    })
  )

  it.effect("logged models and versions are looked for too", () =>
    Effect.gen(function* () {
      const model = { info: { model_id: "m-1", tags: [{ key: "t", value: "v" }] }, data: {} }
      const models = yield* scriptedServer([cut, json({ models: [model] })])
      const wanted = { experimentId: "3", name: "m", sourceRunId: "r1", once: { tag: "t", value: "v" } }
      const client = yield* connect(models)
      assert.strictEqual((yield* inVirtualTime(client.createLoggedModel(wanted))).id, "m-1")

      const other = { name: "m", version: "1", tags: [{ key: "t", value: "another" }] }
      const own = { name: "m", version: "2", tags: [{ key: "t", value: "v" }] }
      const versions = yield* scriptedServer([cut, json({ model_versions: [other, own] })])
      const registry = yield* connect(versions)
      const version = { name: "m", source: "models:/m-1", once: { tag: "t", value: "v" } }
      assert.strictEqual((yield* inVirtualTime(registry.createModelVersion(version))).version, "2")
    })
  )

  it.effect("an experiment that somebody else creates at the same time is taken", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([
        error(404, "RESOURCE_DOES_NOT_EXIST"),
        error(400, "RESOURCE_ALREADY_EXISTS"),
        json({ experiment: { experiment_id: "9", name: "e", lifecycle_stage: "active" } })
      ])
      assert.strictEqual((yield* (yield* connect(server)).experimentNamed("e")).id, "9")
    })
  )

  it.effect(
    "NaNs that are there already do not keep others out, on servers that refuse the whole request",
    () =>
      Effect.gen(function* () {
        const unique = "UNIQUE constraint failed: metrics.key"
        const server = yield* scriptedServer((asked) => {
          const sent = asked.body.toString("utf8")
          if (!sent.includes('"NaN"')) return json({})
          return sent.includes('"step":1') ? error(400, "BAD_REQUEST", unique) : json({})
        })
        const client = yield* connect(server)
        const nan = (step: number) => ({ key: "m", value: Number.NaN, timestamp: 1, step })
        yield* client.log("r1", { metrics: [nan(1), { key: "m", value: 1, timestamp: 1, step: 0 }, nan(2)] })
        const sent = server.asked.map((_, nth) => server.body(nth))
        const steps = sent.map((each) =>
          Object.getOwnPropertyDescriptor(each, "metrics")?.value.map(({ step }: { step: number }) => step)
        )
        assert.deepStrictEqual(steps, [[0], [1, 2], [1], [2]])
      })
  )
})

describe("what goes over the wire", () => {
  it.effect("run_id is the last key, so that a message understood by half is refused", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([json({})])
      const client = yield* connect(server)
      const metrics = [{ key: "m", value: Number.POSITIVE_INFINITY, timestamp: 1.5, step: 2 }]
      yield* client.log("r1", { metrics, params: { a: "1" }, tags: { t: "x" } })
      yield* client.logInputs("r1", [{ name: "d", digest: "x", sourceType: "code", source: "{}" }])
      yield* client.logOutputs("r1", [{ modelId: "m-1" }])
      yield* client.updateRun("r1", { status: "FINISHED" })
      assert.lengthOf(server.asked, 6)
      for (const { body } of server.asked) assert.match(body.toString("utf8"), /,"run_id":"r1"\}$/)
      assert.include(
        server.asked[1]?.body.toString("utf8"),
        '{"key":"m","value":"Infinity","timestamp":1,"step":2}'
      )
    })
  )

  it.effect("the path before MLflow's own is kept, and the workspace is named", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([created])
      const client = yield* connect(
        { address: `${server.address}/team/mlflow/` },
        { MLFLOW_WORKSPACE: "vision" }
      )
      yield* client.run("r/1")
      assert.strictEqual(server.asked[0]?.path, "/team/mlflow/api/2.0/mlflow/runs/get?run_id=r%2F1")
      assert.strictEqual(server.asked[0]?.headers["x-mlflow-workspace"], "vision")
    })
  )

  it.effect("secrets go to the server, and into nothing that is ever shown", () =>
    Effect.gen(function* () {
      const secret = "pl4nted-s3cret"
      const echo = yield* scriptedServer((asked, nth) => {
        const told = `you sent ${asked.headers.authorization}`
        return nth % 2 === 0 ? error(400, "INVALID_PARAMETER_VALUE", told) : html(told, 502)
      })
      const address = echo.address.replace("//", `//me:${secret}@`)
      const environments = [
        { MLFLOW_TRACKING_URI: address },
        { MLFLOW_TRACKING_USERNAME: "me", MLFLOW_TRACKING_PASSWORD: secret },
        { MLFLOW_TRACKING_TOKEN: secret }
      ]
      const shown: Array<string> = []
      for (const environment of environments) {
        const all = {
          MLFLOW_TRACKING_URI: echo.address,
          MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
          ...environment
        }
        const settings = yield* settingsOf(all)
        const client = yield* makeMlflow(settings)
        for (const call of [client.run("r1"), client.experimentNamed("e")]) {
          const failure = yield* Effect.flip(call)
          shown.push(
            failure.message,
            failure.hint,
            String(failure.stack),
            JSON.stringify(failure),
            inspect(failure, { depth: 9 })
          )
        }
        shown.push(JSON.stringify(settings), inspect(settings, { depth: 9 }), client.address)
      }
      const basic = Buffer.from(`me:${secret}`).toString("base64")
      const sent = echo.asked.map(({ headers }) => headers.authorization)
      assert.deepStrictEqual(new Set(sent), new Set([`Basic ${basic}`, `Bearer ${secret}`]))
      assert.notInclude(shown.join("\n"), secret)
      assert.notInclude(shown.join("\n"), basic)
    })
  )
})

describe("uploads", () => {
  it.live("a server that takes no files says so at once, with the cure", () =>
    Effect.gen(function* () {
      const told =
        "Endpoint: /api/2.0/mlflow-artifacts/artifacts/<path:artifact_path> disabled due to the mlflow server running with `--no-serve-artifacts`."
      const server = yield* scriptedServer([text(told, 503)])
      const failure = yield* Effect.flip((yield* connect(server)).upload(root, [bytes("a.txt", "content")]))
      assert.strictEqual(failure._tag, "MlflowUnsupported")
      assert.include(failure.message, "--no-serve-artifacts")
      assert.lengthOf(server.asked, 1)
    })
  )

  const root = "mlflow-artifacts:/3/r1/artifacts"
  const bytes = (path: string, content: string) => ({
    path,
    contentType: "text/plain",
    content: { _tag: "Bytes", bytes: Effect.succeed(Buffer.from(content)) } as const
  })
  const streamed = <E>(path: string, size: number, stream: Stream.Stream<Uint8Array, E>) => ({
    path,
    contentType: "application/octet-stream",
    content: { _tag: "Stream", size, stream } as const
  })
  const listing = (...files: ReadonlyArray<{ path: string; file_size?: number }>) => json({ files })

  it.effect("a file is sent with its length and never in chunks, again if need be, and looked for", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([
        html("", 503),
        text(""),
        text(""),
        listing({ path: "a b.bin", file_size: 6 }, { path: "empty" })
      ])
      const client = yield* connect(server)
      const pieces = Stream.fromIterable([Buffer.from("abc"), Buffer.from("def")])
      yield* inVirtualTime(client.upload(root, [streamed("sub/a b.bin", 6, pieces), bytes("sub/empty", "")]))
      assert.deepStrictEqual(
        server.asked.map(({ method, path, body }) => [method, path, body.toString("utf8")]),
        [
          ["PUT", "/api/2.0/mlflow-artifacts/artifacts/3/r1/artifacts/sub/a%20b.bin", "abcdef"],
          ["PUT", "/api/2.0/mlflow-artifacts/artifacts/3/r1/artifacts/sub/a%20b.bin", "abcdef"],
          ["PUT", "/api/2.0/mlflow-artifacts/artifacts/3/r1/artifacts/sub/empty", ""],
          ["GET", "/api/2.0/mlflow-artifacts/artifacts?path=3%2Fr1%2Fartifacts%2Fsub", ""]
        ]
      )
      assert.deepStrictEqual(
        server.asked
          .slice(0, 3)
          .map(({ headers }) => [headers["content-length"], headers["transfer-encoding"]]),
        [
          ["6", undefined],
          ["6", undefined],
          ["0", undefined]
        ]
      )
    })
  )

  it.effect("what the server stored otherwise is an error", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([text(""), listing({ path: "a.txt" })])
      const failure = yield* Effect.flip((yield* connect(server)).upload(root, [bytes("a.txt", "content")]))
      assert.include(failure.message, "a.txt has 7 bytes, and the server stored 0")
    })
  )

  it.effect("a file that cannot be read fails with its own error, and is not tried again", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([text("")])
      const stream = Stream.concat(Stream.make(Buffer.from("ab")), Stream.fail("the disk is broken" as const))
      const failure = yield* Effect.flip(
        inVirtualTime((yield* connect(server)).upload(root, [streamed("a", 4, stream)]))
      )
      assert.strictEqual(failure, "the disk is broken")
    })
  )

  it.effect("a file that takes long is not given up while it moves", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([text(""), listing({ path: "slow", file_size: 20 })])
      const client = yield* connect(server, { MLFLOW_HTTP_REQUEST_TIMEOUT: "10" })
      const slow = Stream.fromIterable(Array.from({ length: 20 }, () => Buffer.from("x"))).pipe(
        Stream.tap(() => Effect.sleep("8 seconds"))
      )
      yield* inVirtualTime(client.upload(root, [streamed("slow", 20, slow)]))
      assert.strictEqual(server.asked[0]?.body.toString("utf8"), "x".repeat(20))
    })
  )

  it.effect.each([
    "a#b",
    "a%41",
    "../x",
    "a/../x",
    "a//b",
    "",
    "/a",
    "a\\b",
    "a\nb",
    "x".repeat(300),
    "what?"
  ])("a path that servers get wrong is refused before anything is sent: %j", (path) =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([text("")])
      const failure = yield* Effect.flip(
        (yield* connect(server)).upload(root, [bytes("fine", "x"), bytes(path, "x")])
      )
      assert.strictEqual(failure._tag, "MlflowInvalid")
      assert.lengthOf(server.asked, 0)
    })
  )

  it.effect.each(["s3://bucket/3/r1", "/home/me/mlruns/3", "mlflow-artifacts://other.example:80/3"])(
    "artifacts that do not go through the server: %s",
    (place) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(
          (yield* connect({ address: "http://127.0.0.1:1" })).upload(place, [bytes("a", "x")])
        )
        assert.strictEqual(failure._tag, "MlflowUnsupported")
        assert.include(failure.message, place)
      })
  )

  const inParts = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: "10", MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: "4" }
  const letters = Stream.fromIterable("abcdefghijk".split("").map((letter) => Buffer.from(letter)))

  it.effect("a large file goes up in parts, to addresses that are not told who asks", () =>
    Effect.gen(function* () {
      const store = yield* scriptedServer((_, nth) =>
        nth === 1 ? html("", 503) : text("", 200, { etag: `"e${nth}"` })
      )
      const credentials = [1, 2, 3].map((part_number) => ({
        url: `${store.address}/bucket/key?part=${part_number}`,
        part_number,
        headers: { "x-signed": "yes" }
      }))
      const server = yield* scriptedServer(({ path }) => {
        if (path.includes("server-info")) return json({ multipart_uploads_enabled: true })
        if (path.includes("mpu/create")) return json({ upload_id: "u1", credentials })
        return path.includes("mpu/complete") ? json({}) : listing({ path: "w.bin", file_size: 11 })
      })
      const client = yield* connect(server, { ...inParts, MLFLOW_TRACKING_TOKEN: "t0ken" })
      yield* inVirtualTime(client.upload(root, [streamed("sub/w.bin", 11, letters)]))
      assert.deepStrictEqual(
        store.asked.map(({ path, body, headers }) => [
          path,
          body.toString("utf8"),
          headers.authorization,
          headers["x-signed"]
        ]),
        [
          ["/bucket/key?part=1", "abcd", undefined, "yes"],
          ["/bucket/key?part=2", "efgh", undefined, "yes"],
          ["/bucket/key?part=2", "efgh", undefined, "yes"],
          ["/bucket/key?part=3", "ijk", undefined, "yes"]
        ]
      )
      const calls = server.asked.map(({ path }) => path)
      assert.deepStrictEqual(calls.slice(1, 3), [
        "/api/2.0/mlflow-artifacts/mpu/create/3/r1/artifacts/sub",
        "/api/2.0/mlflow-artifacts/mpu/complete/3/r1/artifacts/sub"
      ])
      assert.deepInclude(server.body(1), { num_parts: 3, path: "w.bin" })
      assert.deepNestedInclude(server.body(2), {
        upload_id: "u1",
        "parts[1]": { part_number: 2, etag: '"e2"', url: `${store.address}/bucket/key?part=2` }
      })
    })
  )

  it.effect("parts that fail are given up, so that nobody pays for them", () =>
    Effect.gen(function* () {
      const store = yield* scriptedServer([text("no", 403)])
      const credentials = [1, 2, 3].map((part_number) => ({ url: `${store.address}/k`, part_number }))
      const server = yield* scriptedServer(({ path }) =>
        path.includes("mpu/create") ? json({ upload_id: "u1", credentials }) : json({})
      )
      const client = yield* connect(server, { ...inParts, MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: "true" })
      yield* Effect.flip(inVirtualTime(client.upload(root, [streamed("w.bin", 11, letters)])))
      assert.match(server.asked.at(-1)?.path ?? "", /mpu\/abort/)
    })
  )

  it.effect("a store that takes no parts gets the file in one piece", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer(({ path, method }) => {
        if (path.includes("mpu/create"))
          return error(501, "NOT_IMPLEMENTED", "Multipart upload is not supported")
        return method === "PUT" ? text("") : listing({ path: "w.bin", file_size: 11 })
      })
      const client = yield* connect(server, { ...inParts, MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: "true" })
      yield* client.upload(root, [streamed("w.bin", 11, letters)])
      assert.strictEqual(server.asked[1]?.body.toString("utf8"), "abcdefghijk")
    })
  )
})

describe("what the server is", () => {
  const ask = (version: ReturnType<typeof text>, info = json({ store_type: "SqlStore" }), environment = {}) =>
    Effect.gen(function* () {
      const server = yield* scriptedServer(({ path }) => (path.startsWith("/version") ? version : info))
      return yield* (yield* connect(server, environment)).server
    })

  it.effect("its version, and what it keeps runs in", () =>
    Effect.gen(function* () {
      const info = yield* ask(text("3.17.2\n"))
      assert.deepStrictEqual(info, { version: "3.17.2", store: "SqlStore", workspaces: false })
      const older = yield* ask(text("3.1.0"), html("Not Found", 404))
      assert.deepStrictEqual(older, { version: "3.1.0", store: "", workspaces: false })
    })
  )

  it.effect("too old, no MLflow at all, refused by name, or without workspaces", () =>
    Effect.gen(function* () {
      const old = yield* Effect.flip(ask(text("2.22.4")))
      assert.include(old.message, "MLflow 2.22.4, and 3.0 or newer is needed")
      const other = yield* Effect.flip(ask(text("nginx")))
      assert.include(other.message, "not MLflow")
      const host = yield* Effect.flip(ask(text("3.17.2"), text("Invalid Host header - possible …", 403)))
      assert.strictEqual(host._tag, "MlflowHostRefused")
      assert.match(host.hint, /--allowed-hosts 127\.0\.0\.1:\d+/)
      const flat = yield* Effect.flip(ask(text("3.17.2"), json({}), { MLFLOW_WORKSPACE: "w" }))
      assert.include(flat.hint, "--enable-workspaces")
    })
  )
})
