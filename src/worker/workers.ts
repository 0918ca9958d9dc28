/**
 * Worker processes, as the scheduler uses them.
 *
 * A worker does one job at a time. One that ended a job well is kept for the next; one whose job failed, was
 * interrupted or timed out is killed, because nobody knows what state it is in.
 */
import { type ChildProcess, fork } from "node:child_process"
import { Context, Effect, Layer, Result, Schema } from "effect"
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

type Outcome = Extract<
  Reply,
  { readonly _tag: "Elaborated" | "Described" | "Stored" | "EngineStarted" | "EnginesProbed" }
>
type Note = Extract<Reply, { readonly _tag: "Metric" | "Progress" | "Log" | "Engine" }>

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
  ): Effect.Effect<Outcome, WorkerDied | JobFailed>
}

export class Workers extends Context.Service<Workers, WorkersShape>()("pipeline/worker/Workers") {
  /** @param entry the worker's script */
  static readonly layer = (entry: string) => Layer.effect(Workers, makeWorkers(entry))
}

const encodeRequest = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Request)))
const decodeReply = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.toCodecJson(Reply)))

const keptOutput = 4096
const mostJobs = 200

/**
 * What a worker sees of the environment: what finding programs, certificates, proxies and devices takes. Time zone and
 * language are fixed, because a result must not depend on them.
 */
const workerEnvironment = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const passed = Object.entries(environment).filter(([name]) => passedOn.test(name))
  return { ...Object.fromEntries(passed), TZ: "UTC", LC_ALL: "C.UTF-8" }
}

const passedOn =
  /^(PATH|HOME|USER|TMPDIR|TEMP|TMP|SystemRoot|LD_LIBRARY_PATH|NODE_.*|SSL_CERT_.*|CUDA_.*|NVIDIA_.*|PIPELINE_TFJS_NODE|(https?|no|all)_proxy)$/i

const makeWorkers = Effect.fnUntraced(function* (entry: string) {
  const idle: Array<ChildProcess> = []
  const jobs = new WeakMap<ChildProcess, number>()
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
    const worker = fork(entry, [String(process.pid)], {
      env: workerEnvironment(process.env),
      execArgv: ["--enable-source-maps", "--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"]
    })
    all.add(worker)
    worker.once("exit", () => {
      all.delete(worker)
      const at = idle.indexOf(worker)
      if (at !== -1) idle.splice(at, 1)
    })
    // A send to a process that is just dying fails here as well; its exit tells the rest.
    worker.on("error", () => {})
    return worker
  }

  /**
   * Keeps a worker for another stage, or ends it. A pipeline's file must leave nothing behind for stages; and modules, once
   * loaded, are never given back: a worker that has tried engines keeps what it has loaded, with the threads of then.
   */
  const retire = (worker: ChildProcess, request: Request): void => {
    const done = (jobs.get(worker) ?? 0) + 1
    jobs.set(worker, done)
    if (request._tag === "RunStage" && done < mostJobs) idle.push(worker)
    else worker.kill("SIGKILL")
  }

  const run: WorkersShape["run"] = (stage, request, listener) =>
    Effect.callback<Outcome, WorkerDied | JobFailed>((resume) => {
      const worker = (request._tag === "RunStage" ? idle.pop() : undefined) ?? start()
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
        worker.off("error", onError)
        worker.stdout?.off("data", onOut)
        worker.stderr?.off("data", onErr)
      }
      const onMessage = (message: unknown) => {
        const decoded = decodeReply(message)
        // Something that user code sent through the channel, which it has no business with.
        if (Result.isFailure(decoded)) return
        const reply = decoded.success
        switch (reply._tag) {
          case "Ready":
            return
          case "Metric":
          case "Progress":
          case "Log":
          case "Engine":
            return listener.note(reply)
          case "Failed":
            release()
            worker.kill("SIGKILL")
            return resume(new JobFailed({ failure: reply.failure }))
          default:
            release()
            retire(worker, request)
            return resume(Effect.succeed(reply))
        }
      }
      const onClose = (code: number | null, signal: NodeJS.Signals | null) => {
        release()
        resume(new WorkerDied({ stage, code, signal, output: output.trim() }))
      }
      worker.on("message", onMessage)
      const onError = (error: Error) => {
        if (worker.pid !== undefined) return
        release()
        resume(
          new WorkerDied({
            stage,
            code: null,
            signal: null,
            output: `it could not be started: ${error.message}`
          })
        )
      }
      worker.on("error", onError)
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
