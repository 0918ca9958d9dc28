/**
 * `tracking`: what an MLflow server costs a run, and how fast points reach it.
 *
 * A real server, on this machine, from the Python that ADVPIPE_MLFLOW_PYTHON names. Three parts, which `--only` chooses:
 *
 * - `training`: the same training with tracking off, with the server, with a server that takes 2 s for each call, and with
 *   none where one should be. Told are the run's own time, from its journal, and the whole command, which also waits a little.
 * - `rate`: points per second through our uploader, its process's start included, and through Python's `log_batch` with
 *   1,000 in a call, in turns.
 * - `memory`: the uploader's peak with ten times as many points, above that of one with almost nothing to send.
 */
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { freePort, MlflowServer, mlflowPython } from "../test/rig/mlflow-server.ts"
import type { Bench, Settings } from "./rig/bench.ts"
import { environment, run } from "./rig/command.ts"
import { pipeline } from "./rig/ours.ts"
import type { Report } from "./rig/report.ts"
import { discard, scratch } from "./rig/scratch.ts"
import { spreadOf } from "./rig/spread.ts"
import { writeJournal } from "./tracking/journal.ts"
import { upload } from "./tracking/uploader.ts"

const root = join(import.meta.dirname, "..")
const defaultRounds = 3
const defaultPoints = 100_000
const slowMillis = 2000
/** Half a minute of training on one core or two. */
const job = ["mnist-advtrain", "--preset", "demo", "--only", "baseline", "--set", "trainCount=6000"]
const defaultEpochs = 30

export const tracking: Bench = {
  name: "tracking",
  run: async (report, settings) => {
    report.heading("tracking: runs on an MLflow server")
    if (mlflowPython === undefined)
      return report.skip("tracking", "no MLflow: `scripts/mlflow-for-tests.sh DIR` says how to get one")
    const parts = { training, rate, memory }
    const chosen = Object.entries(parts).filter(([name]) => name.includes(settings.only ?? ""))
    const server = await MlflowServer.start()
    try {
      for (const [name, part] of chosen) {
        report.note(`${name}:`)
        await part(report, server.address, settings)
      }
    } finally {
      server.remove()
    }
  }
}

interface Took {
  /** As the journal has it. */
  readonly run: number
  /** The whole process. */
  readonly command: number
}

const training = async (report: Report, server: string, { rounds = defaultRounds, sets }: Settings) => {
  const slow = await slowServer(server)
  const servers = {
    off: undefined,
    healthy: server,
    slow: slow.address,
    down: `http://127.0.0.1:${await freePort()}`
  }
  const took = new Map<string, Array<Took>>()
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [name, address] of Object.entries(servers))
        took.set(name, [...(took.get(name) ?? []), train(address, sets)])
    }
  } finally {
    slow.end()
  }
  const medians = new Map(
    Array.from(took, ([name, all]) => {
      report.row(`${name}, the run`, spreadOf(all.map(({ run }) => run)), "s")
      report.row(`${name}, the command`, spreadOf(all.map(({ command }) => command)), "s")
      return [name, spreadOf(all.map(({ run }) => run)).median] as const
    })
  )
  const off = medians.get("off") ?? Number.NaN
  for (const name of ["healthy", "slow", "down"]) {
    const measured = ((medians.get(name) ?? Number.NaN) / off - 1) * 100
    report.target({ what: `${name} against off`, measured, limit: 2, better: "less", unit: " %" })
  }
}

/** One training with an empty store. */
const train = (server: string | undefined, sets: ReadonlyArray<string>): Took => {
  const store = scratch("tracking")
  const words = [`baseline.epochs=${defaultEpochs}`, ...sets].flatMap((set) => ["--set", set])
  const ended = pipeline(root, ["run", ...job, ...words, "--store", store], {
    ...(server === undefined ? {} : { MLFLOW_TRACKING_URI: server })
  })
  const [id = ""] = readdirSync(join(store, "runs"))
  const [last = ""] = readFileSync(join(store, "runs", id, "journal.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(-1)
  const { seconds }: { readonly seconds: number } = JSON.parse(last)
  endUploader(store)
  discard(store)
  return { run: seconds, command: ended.seconds }
}

/** It goes on by itself where the server is slow or away, and would share the cores with the next one. */
const endUploader = (store: string): void => {
  const leases = join(store, "leases")
  for (const name of existsSync(leases) ? readdirSync(leases) : []) {
    const pid = /"pid":(\d+),.*"purpose":"tracking of/.exec(readFileSync(join(leases, name), "utf8"))?.[1]
    if (pid !== undefined) process.kill(Number(pid), "SIGKILL")
  }
}

const slowServer = async (target: string) => {
  const script = join(import.meta.dirname, "tracking", "slow-server.ts")
  const child = spawn(process.execPath, [script, target, String(slowMillis)], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const address = await new Promise<string>((resolve) =>
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8").trim()))
  )
  return { address, end: () => child.kill() }
}

const rate = async (
  report: Report,
  server: string,
  { rounds = defaultRounds, points = defaultPoints }: Settings
) => {
  const ours: Array<number> = []
  const theirs: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const store = scratch("tracking")
    const id = writeJournal(store, points, Date.now())
    ours.push(points / (await upload(id, store, server)).seconds)
    discard(store)
    const script = join(import.meta.dirname, "peers", "mlflow-log-batch.py")
    const { stdout } = run({
      file: mlflowPython ?? "python3",
      args: [script, String(points)],
      cwd: root,
      environment: { MLFLOW_TRACKING_URI: server, MLFLOW_DISABLE_TELEMETRY: "true" }
    })
    const { seconds }: { readonly seconds: number } = JSON.parse(stdout)
    theirs.push(points / seconds)
  }
  report.row("ours, with its start", spreadOf(ours), "points/s")
  report.row("Python's log_batch", spreadOf(theirs), "points/s")
  const [mine, peer] = [spreadOf(ours).median, spreadOf(theirs).median]
  report.compare({
    bench: "tracking",
    ours: mine,
    peer,
    peerName: "MlflowClient.log_batch",
    unit: "points/s"
  })
  report.target({
    what: "rate against Python's",
    measured: mine / peer,
    limit: 0.9,
    better: "more",
    unit: ""
  })
}

const memory = async (report: Report, server: string, { points = defaultPoints }: Settings) => {
  const peakWith = async (count: number): Promise<number> => {
    const store = scratch("tracking")
    const { peak } = await upload(writeJournal(store, count, Date.now()), store, server)
    discard(store)
    return peak
  }
  const idle = await peakWith(1)
  const busy = await peakWith(points * 10)
  report.note(`peak with 1 point ${idle.toFixed(0)} MB, with ${points * 10} points ${busy.toFixed(0)} MB`)
  report.target({ what: "memory above idle", measured: busy - idle, limit: 64, better: "less", unit: " MB" })
}
