/** A real MLflow server for tests, and Python's own client to look at what is in it. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"

/** A Python that can `import mlflow`: the one that ADVPIPE_MLFLOW_PYTHON names, or that of the `mlflow` on the PATH. */
export const mlflowPython: string | undefined = (() => {
  const named = process.env["ADVPIPE_MLFLOW_PYTHON"]
  if (named !== undefined && named !== "") return named
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      const [first = ""] = readFileSync(join(directory, "mlflow"), "utf8").split("\n")
      const interpreter = /^#!(\S*python\S*)/.exec(first)?.[1]
      if (interpreter !== undefined) return interpreter
    } catch {
      // Not in this directory.
    }
  }
  return undefined
})()

/** For the name of a test that is skipped without MLflow: what is missing, and the cure. */
export const withoutMlflow =
  mlflowPython === undefined
    ? " (SKIPPED: no MLflow; `scripts/mlflow-for-tests.sh DIR` installs it and says what to set ADVPIPE_MLFLOW_PYTHON to)"
    : ""

export interface ServerOptions {
  /** Variables for the server, such as MLFLOW_SERVER_ALLOWED_HOSTS. */
  readonly env?: { readonly [name: string]: string }
  /** Added to the command line, such as `--app-name=basic-auth`. */
  readonly args?: ReadonlyArray<string>
  /** Variables for Python's client, such as MLFLOW_TRACKING_USERNAME. */
  readonly client?: { readonly [name: string]: string }
}

const servers = new Set<MlflowServer>()
process.once("exit", () => {
  for (const server of servers) server.remove()
})

export class MlflowServer {
  readonly directory = mkdtempSync(join(tmpdir(), "mlflow-server-"))
  readonly #options: ServerOptions
  #port = 0
  #child: ChildProcess | undefined
  #output = ""

  private constructor(options: ServerOptions) {
    this.#options = options
    servers.add(this)
  }

  /** Starts a server with an empty database of its own; takes ten seconds or so. */
  static async start(options: ServerOptions = {}): Promise<MlflowServer> {
    const server = new MlflowServer(options)
    server.#port = await freePort()
    await server.restart()
    return server
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Starts it again, on the same port and the same database. */
  async restart(): Promise<void> {
    if (mlflowPython === undefined) throw new Error(`no MLflow${withoutMlflow}`)
    const child = spawn(
      "sh",
      [
        ...["-c", endsWithParent, "sh", this.directory],
        ...[
          mlflowPython,
          "-m",
          "mlflow",
          "server",
          "--host",
          "127.0.0.1",
          "--port",
          String(this.#port),
          "--workers",
          "1"
        ],
        ...["--backend-store-uri", `sqlite:///${join(this.directory, "mlflow.db")}`],
        ...["--artifacts-destination", join(this.directory, "artifacts")],
        ...(this.#options.args ?? [])
      ],
      {
        cwd: this.directory,
        env: { ...process.env, ...quietly, ...this.#options.env },
        stdio: ["pipe", "pipe", "pipe"],
        // A group of its own: it has processes below it.
        detached: true
      }
    )
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString("utf8")).slice(-20_000)
      })
    for (const end = performance.now() + patience; ; ) {
      if (await isHealthy(this.address)) return
      if (child.exitCode !== null || performance.now() > end)
        throw new Error(`the MLflow server did not start:\n${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** What it printed lately. */
  get output(): string {
    return this.#output
  }

  /** Stops it as a crash would, with all its processes. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once("close", resolve))
    process.kill(-child.pid, signal)
    await ended
  }

  /** At the end of everything: ends it at once and removes what it wrote. */
  remove(): void {
    servers.delete(this)
    if (this.#child?.pid !== undefined && this.#child.exitCode === null) {
      try {
        process.kill(-this.#child.pid, "SIGKILL")
      } catch {
        // It has ended already.
      }
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }

  /**
   * Runs a command of test/rig/mlflow-read.py with Python's own client, and gives back the JSON that it prints. NaN and
   * infinities come as text.
   */
  read(...args: ReadonlyArray<string>): Promise<unknown> {
    return this.#run([join(import.meta.dirname, "mlflow-read.py"), ...args])
  }

  /** Runs a Python program that prints JSON. */
  python(program: string, ...args: ReadonlyArray<string>): Promise<unknown> {
    return this.#run(["-c", program, ...args])
  }

  #run(args: ReadonlyArray<string>): Promise<unknown> {
    return runPython(args, { MLFLOW_TRACKING_URI: this.address, ...this.#options.client })
  }
}

/**
 * Whoever runs the tests may end them with a signal, and no code of ours runs then. The end of standard input does not need
 * any: with it the server ends, and its directory goes.
 */
const endsWithParent = `
directory=$1
shift
exec 3<&0
(cat <&3; rm -rf "$directory"; kill -KILL 0) >/dev/null 2>&1 &
"$@" </dev/null 3<&- &
wait $!
`

let shared: Promise<MlflowServer> | undefined

/** One server for all tests of this process that leave it alone: each takes an experiment of its own. */
export const sharedMlflow = (): Promise<MlflowServer> => {
  shared ??= MlflowServer.start()
  return shared
}

/** No telemetry, no job runner, and none of the settings of who runs the tests. */
const quietly = {
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
  MLFLOW_DISABLE_TELEMETRY: "true",
  MLFLOW_TRACKING_URI: undefined,
  MLFLOW_TRACKING_TOKEN: undefined,
  NO_PROXY: "127.0.0.1,localhost",
  no_proxy: "127.0.0.1,localhost"
}

const patience = 120_000

const isHealthy = async (address: string): Promise<boolean> => {
  try {
    return (await fetch(`${address}/health`)).ok
  } catch {
    return false
  }
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const runPython = (
  args: ReadonlyArray<string>,
  client: { readonly [name: string]: string }
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, ...quietly, ...client, PYTHONWARNINGS: "ignore" }
    execFile(
      mlflowPython ?? "python3",
      args,
      { env, maxBuffer: 256 << 20, timeout: patience },
      (error, stdout, stderr) => {
        if (error !== null) reject(new Error(`${error.message}\n${stderr}`))
        else resolve(JSON.parse(stdout))
      }
    )
  })
