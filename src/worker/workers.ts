/**
 * Worker processes, as the scheduler uses them.
 *
 * A worker does one job at a time. One that ended a job well is kept for the next; one whose job failed, was
 * interrupted or timed out is killed, because nobody knows what state it is in.
 */
import { type ChildProcess, fork } from "node:child_process"
import { Context, Effect, Layer, Schema } from "effect"
import { Failure } from "../track/event.ts"
import { Reply, Request } from "./protocol.ts"

/** A worker ended before its job did. */
export class WorkerDied extends Schema.TaggedError<WorkerDied>()("WorkerDied", {
  stage: Schema.String,
  code: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  output: Schema.String
}) {
  override get message() {
    const cause = this.signal === null ? `exit code ${this.code}` : `signal ${this.signal}`
    // What the engine prints about its heap is in the log and cures nothing.
    if (this.outOfMemory) return `the worker of stage \`${this.stage}\` died (${cause}, out of memory)`
    return `the worker of stage \`${this.stage}\` died (${cause})${this.output === "" ? "" : `\n${this.output}`}`
  }
  private get outOfMemory(): boolean {
    return this.output.includes("heap out of memory") || this.output.includes("bad_alloc")
  }
  get hint() {
    if (this.outOfMemory)
      return "let the stage work in smaller batches, or give Node more: NODE_OPTIONS=--max-old-space-size=8192"
    if (this.signal === "SIGKILL")
      return "something killed it; if that was the system for want of memory, use smaller batches or fewer --jobs"
    return "run the same command again; what is finished stays finished"
  }
}

/** The job ended with a failure of its own. */
export class JobFailed extends Schema.TaggedError<JobFailed>()("JobFailed", { failure: Failure }) {
  override get message() {
    return this.failure.message
  }
}

type Result = Extract<Reply, { readonly _tag: "Elaborated" | "Described" | "Stored" }>
type Note = Extract<Reply, { readonly _tag: "Metric" | "Progress" | "Log" }>

export interface WorkersShape {
  /**
   * Has a worker do a job.
   *
   * @param stage what the job is called in an error
   * @param listener is told, while the job goes on, first the worker's process number and then what the stage reports
   */
  run(
    stage: string,
    request: Request,
    listener: { readonly started: (pid: number) => void; readonly note: (note: Note) => void }
  ): Effect.Effect<Result, WorkerDied | JobFailed>
}

export class Workers extends Context.Service<Workers, WorkersShape>()("pipeline/worker/Workers") {
  /** @param entry the worker's script */
  static readonly layer = (entry: string) => Layer.effect(Workers, makeWorkers(entry))
}

const encodeRequest = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Request)))
const decodeReply = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(Reply)))

const keptOutput = 4096

const makeWorkers = Effect.fnUntraced(function* (entry: string) {
  const idle: Array<ChildProcess> = []
  const all = new Set<ChildProcess>()
  const killAll = () => {
    for (const worker of all) worker.kill("SIGKILL")
  }
  // The second Ctrl-C leaves at once, without finalizers; a worker that is computing would go on.
  process.once("exit", killAll)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      process.off("exit", killAll)
      killAll()
    })
  )

  const start = (): ChildProcess => {
    const worker = fork(entry, [], {
      execArgv: ["--enable-source-maps", "--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"]
    })
    all.add(worker)
    worker.once("exit", () => {
      all.delete(worker)
      const at = idle.indexOf(worker)
      if (at !== -1) idle.splice(at, 1)
    })
    // A send to a process that is just dying fails here; its exit tells the rest.
    worker.on("error", () => {})
    return worker
  }

  const run: WorkersShape["run"] = (stage, request, listener) =>
    Effect.callback<Result, WorkerDied | JobFailed>((resume) => {
      const worker = idle.pop() ?? start()
      let output = ""
      const onText = (level: "info" | "warning") => (chunk: Buffer) => {
        const text = chunk.toString("utf8")
        output = (output + text).slice(-keptOutput)
        for (const line of text.split("\n"))
          if (line.trim() !== "") listener.note({ _tag: "Log", level, message: line })
      }
      const onOut = onText("info")
      const onErr = onText("warning")
      const release = () => {
        worker.off("message", onMessage)
        worker.off("close", onClose)
        worker.stdout?.off("data", onOut)
        worker.stderr?.off("data", onErr)
      }
      const onMessage = (message: unknown) => {
        const reply = decodeReply(message)
        switch (reply._tag) {
          case "Ready":
            return
          case "Metric":
          case "Progress":
          case "Log":
            return listener.note(reply)
          case "Failed":
            release()
            worker.kill("SIGKILL")
            return resume(new JobFailed({ failure: reply.failure }))
          default:
            release()
            idle.push(worker)
            return resume(Effect.succeed(reply))
        }
      }
      const onClose = (code: number | null, signal: NodeJS.Signals | null) => {
        release()
        resume(new WorkerDied({ stage, code, signal, output: output.trim() }))
      }
      worker.on("message", onMessage)
      // `close` comes after the last output, `exit` may come before it.
      worker.on("close", onClose)
      worker.stdout?.on("data", onOut)
      worker.stderr?.on("data", onErr)
      listener.started(worker.pid ?? 0)
      worker.send(encodeRequest(request))
      return Effect.sync(() => {
        release()
        worker.kill("SIGKILL")
      })
    })

  return Workers.of({ run })
})
