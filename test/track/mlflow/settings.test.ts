import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { mlflowSettings } from "../../../src/track/mlflow/settings.ts"

const uri = { MLFLOW_TRACKING_URI: "http://127.0.0.1:5000" }

const read = (environment: { readonly [name: string]: string }, home = "/nowhere") =>
  Effect.map(mlflowSettings({ ...uri, ...environment }, home), (settings) => {
    assert.isDefined(settings)
    return settings
  })

/** A home directory with a credentials file. */
const homeWith = (credentials: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const home = mkdtempSync(join(tmpdir(), "home-"))
      mkdirSync(join(home, ".mlflow"))
      writeFileSync(join(home, ".mlflow", "credentials"), credentials)
      return home
    }),
    (home) => Effect.sync(() => rmSync(home, { recursive: true }))
  )

describe("settings", () => {
  it.effect("there are none without MLFLOW_TRACKING_URI", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* mlflowSettings({}, "/nowhere"))
      assert.isUndefined(yield* mlflowSettings({ MLFLOW_TRACKING_URI: "" }, "/nowhere"))
    })
  )

  it.effect("have Python's defaults", () =>
    Effect.gen(function* () {
      const settings = yield* read({})
      assert.strictEqual(settings.address, "http://127.0.0.1:5000")
      assert.strictEqual(settings.registryAddress, settings.address)
      assert.deepStrictEqual(settings.credentials, { _tag: "none" })
      assert.deepStrictEqual(settings.retry, { times: 7, factor: 2, jitter: 1, heedRetryAfter: true })
      assert.strictEqual(Duration.toSeconds(settings.patience), 120)
      assert.deepStrictEqual(settings.experiment, {})
    })
  )

  it.effect("take the credentials out of the address, and keep its path", () =>
    Effect.gen(function* () {
      const settings = yield* read({ MLFLOW_TRACKING_URI: "https://me:p%40ss@host.example/team/mlflow//" })
      assert.strictEqual(settings.address, "https://host.example/team/mlflow")
      const { credentials } = settings
      assert.propertyVal(credentials, "username", "me")
      assert.strictEqual(credentials._tag === "password" ? Redacted.value(credentials.password) : "", "p@ss")
    })
  )

  it.effect("prefer a password to a token, and variables to the file", () =>
    Effect.gen(function* () {
      const token = { MLFLOW_TRACKING_TOKEN: "t" }
      const both = { MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p" }
      assert.strictEqual((yield* read(token)).credentials._tag, "token")
      assert.strictEqual((yield* read({ ...token, ...both })).credentials._tag, "password")
      assert.strictEqual((yield* read({ ...token, MLFLOW_TRACKING_USERNAME: "u" })).credentials._tag, "token")

      const home = yield* homeWith(
        "[other]\nmlflow_tracking_username = x\n\n# mine\n[mlflow]\nMLFLOW_TRACKING_USERNAME = me\nmlflow_tracking_password: a=b:c\n"
      )
      const { credentials } = yield* read({}, home)
      assert.propertyVal(credentials, "username", "me")
      assert.strictEqual(credentials._tag === "password" ? Redacted.value(credentials.password) : "", "a=b:c")
      assert.propertyVal((yield* read({ MLFLOW_TRACKING_USERNAME: "u" }, home)).credentials, "username", "u")
    })
  )

  it.effect("read everything else", () =>
    Effect.gen(function* () {
      const settings = yield* read({
        MLFLOW_REGISTRY_URI: "https://registry.example",
        MLFLOW_EXPERIMENT_NAME: "e",
        MLFLOW_WORKSPACE: "w",
        MLFLOW_TRACKING_INSECURE_TLS: "True",
        MLFLOW_HTTP_REQUEST_TIMEOUT: "1.5",
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
        MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER: "0",
        MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: "false"
      })
      assert.strictEqual(settings.registryAddress, "https://registry.example")
      assert.deepStrictEqual(settings.experiment, { name: "e" })
      assert.strictEqual(settings.workspace, "w")
      assert.isTrue(settings.tls.insecure)
      assert.strictEqual(Duration.toMillis(settings.patience), 1500)
      assert.strictEqual(settings.retry.times, 0)
      assert.isFalse(settings.retry.heedRetryAfter)
      assert.strictEqual(settings.multipart.use, "never")
    })
  )

  const wrong: ReadonlyArray<readonly [string, { readonly [name: string]: string }, string, string]> = [
    ["a directory", { MLFLOW_TRACKING_URI: "./mlruns" }, "names a directory", "pipeline track serve"],
    ["a file: URI", { MLFLOW_TRACKING_URI: "file:///home/me/mlruns" }, "names a directory", "mlflow server"],
    ["a database", { MLFLOW_TRACKING_URI: "sqlite:///mlflow.db" }, "names a database", "--backend-store-uri"],
    [
      "a driver",
      { MLFLOW_TRACKING_URI: "postgresql+psycopg2://u:s3cret@db/x" },
      "names a database",
      "mlflow server"
    ],
    ["Databricks", { MLFLOW_TRACKING_URI: "databricks" }, "`databricks`", "http://127.0.0.1:5000"],
    ["a profile", { MLFLOW_TRACKING_URI: "databricks://profile" }, "Python client", "http://127.0.0.1:5000"],
    [
      "no scheme",
      { MLFLOW_TRACKING_URI: "localhost:5000" },
      "no http: or https:",
      "write http://localhost:5000"
    ],
    ["another scheme", { MLFLOW_TRACKING_URI: "ftp://host" }, "`ftp:`", "http://127.0.0.1:5000"],
    ["no URL", { MLFLOW_TRACKING_URI: "http://" }, "is not a URL", "http://127.0.0.1:5000"],
    ["a query", { MLFLOW_TRACKING_URI: "http://u:s3cret@host/?a=s3cret" }, "`?`", "leave it out"],
    [
      "both experiments",
      { MLFLOW_EXPERIMENT_NAME: "a", MLFLOW_EXPERIMENT_ID: "1" },
      "is set",
      "one of the two"
    ],
    ["a flag", { MLFLOW_TRACKING_INSECURE_TLS: "yes" }, "`yes`", "true"],
    ["a number", { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "many" }, "`many`", "=7"],
    ["too many", { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "11" }, "at most 10", "=7"],
    ["a missing file", { MLFLOW_TRACKING_SERVER_CERT_PATH: "/no/such.pem" }, "/no/such.pem", "PEM"],
    ["a plugin", { MLFLOW_TRACKING_AUTH: "kubernetes" }, "plugin", "MLFLOW_TRACKING_TOKEN"],
    ["half a token", { MLFLOW_TRACKING_TOKEN: "s3cret\n" }, "cannot carry", "remove"],
    ["signatures", { MLFLOW_TRACKING_AWS_SIGV4: "true" }, "signed", "MLFLOW_TRACKING_TOKEN"]
  ]
  it.effect.each(["MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH"])(
    "%s that is no certificate is refused before anybody connects, with the file and the cure",
    (variable) =>
      Effect.gen(function* () {
        const home = yield* homeWith("-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n")
        const path = join(home, ".mlflow", "credentials")
        const error = yield* Effect.flip(read({ [variable]: path }))
        assert.strictEqual(error._tag, "BadMlflowSetting")
        assert.include(error.message, `${variable} names \`${path}\``)
        assert.include(error.hint, "PEM file")
      })
  )

  it.effect.each(wrong)("%s is refused, with the cure", ([, environment, problem, cure]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read(environment))
      assert.include(error.message, Object.keys(environment).at(-1) ?? "")
      assert.include(error.message, problem)
      assert.include(error.hint, cure)
      assert.notInclude(`${error.message} ${error.hint}`, "s3cret")
    })
  )
})
