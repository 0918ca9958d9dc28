/** The logic of `pipeline track serve`: a local MLflow server, for as long as the command runs. */
import { existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { Effect, Fiber, FileSystem, Schedule, Schema, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { makeMlflow } from "../track/mlflow/client.ts"
import { type MlflowSettings, mlflowSettings } from "../track/mlflow/settings.ts"
import { printJson, printNote, printResult } from "./output.ts"

/** What the hints install: the version that the tests run with. */
const version = "3.17.2"

/** There is no `mlflow` command. */
export class NoMlflow extends Schema.TaggedError<NoMlflow>()("NoMlflow", {
  /** The program that can install it, where one was found. */
  installer: Schema.Literals(["uv", "pipx", "python3"])
}) {
  override get message() {
    return "there is no `mlflow` on the PATH"
  }
  get hint() {
    const commands = {
      uv: `uv tool install mlflow==${version}`,
      pipx: `pipx install mlflow==${version}`,
      python3: `python3 -m pip install mlflow==${version}`
    }
    return commands[this.installer]
  }
}

/** Something listens on the port. */
export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", {
  port: Schema.Int,
  /** The version of the MLflow server that it is; empty where it is something else. */
  mlflow: Schema.String
}) {
  override get message() {
    const holder = this.mlflow === "" ? "another program" : `an MLflow server, ${this.mlflow}`
    return `port ${this.port} is taken by ${holder}`
  }
  get hint() {
    const other = `take another port: --port ${this.port + 1}`
    return this.mlflow === ""
      ? other
      : `use it: export MLFLOW_TRACKING_URI=${addressOn(this.port)}; or ${other}`
  }
}

/** The server ended by itself, or did not answer in time. */
export class ServerFailed extends Schema.TaggedError<ServerFailed>()("ServerFailed", {
  problem: Schema.String,
  log: Schema.String,
  lastLines: Schema.String
}) {
  override get message() {
    return `the MLflow server ${this.problem}:\n${this.lastLines}`
  }
  get hint() {
    return `the rest is in ${this.log}; a database of an older MLflow wants \`mlflow db upgrade sqlite:///mlflow.db\`, in its directory`
  }
}

export interface ServeOptions {
  readonly port: number
  /** Where its database and its artifacts are. Made if it is not there. */
  readonly directory: string
  readonly json: boolean
}

/** Starts a server, prints where it is, and lasts as long as it does. Interrupted, it ends the server first. */
export const serveMlflow = Effect.fn("serveMlflow")(function* ({ port, directory, json }: ServeOptions) {
  const address = addressOn(port)
  const settings = yield* settingsFor(address)
  yield* refuseIfTaken(port, settings)
  const log = join(directory, "server.log")
  const { server, written } = yield* start(port, directory, log)
  const end = server.exitCode.pipe(
    // Its last words are on the way to the log. A process below it may hold the pipe open for longer than that.
    Effect.tap(() => Effect.timeoutOption(written, "2 seconds")),
    Effect.flatMap((code) => failed(`ended with exit code ${code}`, log))
  )
  const found = yield* Effect.raceFirst(untilReady(settings, log), end)
  yield* json
    ? printJson({ address, version: found, directory, pid: server.pid })
    : printResult(
        `MLflow ${found} at ${address}, kept in ${directory}\nexport MLFLOW_TRACKING_URI=${address}\n`
      )
  yield* json ? Effect.void : printNote("Ctrl-C stops it\n")
  return yield* end
}, Effect.scoped)

const addressOn = (port: number) => `http://127.0.0.1:${port}`

/** For asking whether somebody is there: at once, and without telling who asks. */
const settingsFor = (address: string) =>
  mlflowSettings({
    MLFLOW_TRACKING_URI: address,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
    MLFLOW_HTTP_REQUEST_TIMEOUT: "3"
  }).pipe(
    Effect.orDie,
    Effect.flatMap((settings) =>
      settings === undefined ? Effect.die(new Error("no settings")) : Effect.succeed(settings)
    ),
    Effect.map((settings): MlflowSettings => ({ ...settings, credentials: { _tag: "none" } }))
  )

const askVersion = (settings: MlflowSettings) =>
  Effect.scoped(
    Effect.flatMap(makeMlflow(settings), ({ server }) => Effect.map(server, (info) => info.version))
  )

const refuseIfTaken = (port: number, settings: MlflowSettings) =>
  Effect.matchEffect(askVersion(settings), {
    onSuccess: (mlflow) => new PortTaken({ port, mlflow }),
    onFailure: (error) =>
      error._tag === "MlflowUnreachable" && !error.mayHaveArrived
        ? Effect.void
        : new PortTaken({ port, mlflow: "" })
  })

/** How long a first start may take: it makes the database, and Python loads much. */
const patience = "2 minutes"

const untilReady = (settings: MlflowSettings, log: string) =>
  askVersion(settings).pipe(
    Effect.retry(Schedule.spaced("200 millis")),
    Effect.timeoutOrElse({ duration: patience, orElse: () => failed(`did not answer in ${patience}`, log) }),
    Effect.catch((error) =>
      error._tag === "ServerFailed" ? error : failed(`cannot be used: ${error.message}`, log)
    )
  )

const start = Effect.fnUntraced(function* (port: number, directory: string, log: string) {
  const files = yield* FileSystem.FileSystem
  if (!onPath("mlflow")) {
    const installer = (["uv", "pipx"] as const).find(onPath) ?? "python3"
    return yield* new NoMlflow({ installer })
  }
  yield* files.makeDirectory(directory, { recursive: true })
  // Whatever holds the directory, a server's data does not belong into its history.
  yield* files.writeFileString(join(directory, ".gitignore"), "*\n")
  const running = yield* killedAtExit
  const server = yield* ChildProcess.make(
    "mlflow",
    [
      ...["server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      // Relative to its directory, because the characters of a path may mean something in an address.
      ...["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./artifacts"]
    ],
    {
      cwd: directory,
      extendEnv: true,
      // A server that reads these is its own client.
      env: {
        MLFLOW_TRACKING_URI: undefined,
        MLFLOW_REGISTRY_URI: undefined,
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        MLFLOW_DISABLE_TELEMETRY: "true"
      },
      stdin: "ignore",
      forceKillAfter: "5 seconds"
    }
  )
  running.group = server.pid
  const writer = yield* Effect.forkScoped(Stream.run(server.all, files.sink(log)))
  return { server, written: Fiber.await(writer) }
})

/** The second Ctrl-C ends this process at once, without finalizers, and the server must not outlive it. */
const killedAtExit = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const running: { group: number | undefined } = { group: undefined }
      const kill = () => {
        try {
          if (running.group !== undefined) process.kill(-running.group, "SIGKILL")
        } catch {
          // It has ended.
        }
      }
      process.once("exit", kill)
      return { running, kill }
    }),
    ({ kill }) => Effect.sync(() => process.off("exit", kill))
  ),
  ({ running }) => running
)

const onPath = (program: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((directory) => existsSync(join(directory, program)))

const failed = (problem: string, log: string) =>
  Effect.flatMap(
    Effect.sync(() => (existsSync(log) ? readFileSync(log, "utf8") : "")),
    (text) => new ServerFailed({ problem, log, lastLines: text.trimEnd().split("\n").slice(-8).join("\n") })
  )
