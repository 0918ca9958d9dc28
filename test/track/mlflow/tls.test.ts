/** TLS with certificates made for the test; skipped where there is no `openssl`. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TLSSocket } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeMlflow } from "../../../src/track/mlflow/client.ts"
import { mlflowSettings } from "../../../src/track/mlflow/settings.ts"
import { json, scriptedServer } from "./scripted-server.ts"
import { settingsOf } from "./settings-of.ts"

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0

/** A server whose certificate nobody but itself has signed; it asks for the client's too. */
const tlsServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const directory = mkdtempSync(join(tmpdir(), "tls-"))
    const key = join(directory, "key.pem")
    const certificate = join(directory, "certificate.pem")
    execFileSync(
      "openssl",
      [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2"
        ],
        ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        ...["-keyout", key, "-out", certificate]
      ],
      { stdio: "ignore" }
    )
    const both = join(directory, "both.pem")
    writeFileSync(both, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"))
    const clients: Array<string> = []
    const own = { key: readFileSync(key), cert: readFileSync(certificate), ca: readFileSync(certificate) }
    const server = createServer(
      { ...own, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const socket = request.socket as TLSSocket
        clients.push(String(socket.getPeerCertificate().subject?.CN ?? "nobody"))
        response.end(JSON.stringify({ run: { info: { run_id: "r1" } } }))
      }
    )
    const port = await new Promise<number>((resolve) =>
      server.listen(0, () => {
        const address = server.address()
        resolve(typeof address === "object" && address !== null ? address.port : 0)
      })
    )
    return { directory, certificate, both, clients, server, uri: `https://localhost:${port}`, port }
  }),
  ({ directory, server }) =>
    Effect.promise(() => {
      rmSync(directory, { recursive: true })
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
)

const ask = (environment: { readonly [name: string]: string }) =>
  Effect.flatMap(settingsOf(environment), (settings) =>
    Effect.flatMap(makeMlflow(settings), (client) => client.run("r1"))
  )

describe.skipIf(!hasOpenssl)("TLS", () => {
  it.live("a certificate that nobody signed is refused at once, trusted by name, or not looked at", () =>
    Effect.gen(function* () {
      const { uri, port, certificate, both, clients } = yield* tlsServer
      const refused = yield* Effect.flip(ask({ MLFLOW_TRACKING_URI: uri }))
      assert.strictEqual(refused._tag, "MlflowUntrusted")
      assert.include(refused.hint, "MLFLOW_TRACKING_SERVER_CERT_PATH")
      assert.lengthOf(clients, 0)

      const trusted = { MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_SERVER_CERT_PATH: certificate }
      assert.strictEqual((yield* ask(trusted)).id, "r1")
      yield* ask({ MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_INSECURE_TLS: "true" })
      yield* ask({ ...trusted, MLFLOW_TRACKING_CLIENT_CERT_PATH: both })
      assert.deepStrictEqual(clients, ["nobody", "nobody", "localhost"])

      const otherName = { ...trusted, MLFLOW_TRACKING_URI: `https://127.0.0.1:${port}` }
      assert.strictEqual((yield* Effect.flip(ask(otherName)))._tag, "MlflowUntrusted")
    })
  )

  it.live(
    "a client's certificate without its key, or with another's, is refused before anybody connects",
    () =>
      Effect.gen(function* () {
        const { uri, certificate, directory, clients } = yield* tlsServer
        const other = join(directory, "other.pem")
        execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", other], { stdio: "ignore" })
        const mixed = join(directory, "mixed.pem")
        writeFileSync(mixed, readFileSync(certificate, "utf8") + readFileSync(other, "utf8"))
        for (const [path, problem] of [
          [certificate, "holds no key"],
          [mixed, "not that of its certificate"]
        ] as const) {
          const environment = { MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_CLIENT_CERT_PATH: path }
          const error = yield* Effect.flip(mlflowSettings(environment, "/nowhere"))
          assert.strictEqual(error._tag, "BadMlflowSetting")
          assert.include(error.message, path)
          assert.include(error.message, problem)
          assert.include(error.hint, "its key")
        }
        assert.lengthOf(clients, 0)
      })
  )

  it.live("a server that speaks plain HTTP under https: is named as that", () =>
    Effect.gen(function* () {
      const server = yield* scriptedServer([json({})])
      const refused = yield* Effect.flip(
        ask({ MLFLOW_TRACKING_URI: server.address.replace("http:", "https:") })
      )
      assert.strictEqual(refused._tag, "MlflowUntrusted")
      assert.include(refused.hint, "write http:")
    })
  )
})
