/** The command line as a real process: what goes in, what comes out, and signals. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { repository, type TestProject } from "./project.ts"

export interface Finished {
  /** `null` where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly cwd?: string
  readonly env?: { readonly [name: string]: string }
}

/** What a developer's or a runner's own settings must not change. */
const neutral =
  /^(PIPELINE_|MLFLOW_|VITEST|NODE_OPTIONS$|NODE_V8_COVERAGE$|NO_COLOR$|FORCE_COLOR$|TERM$|XDG_)/

export const environment = (extra: CliOptions["env"] = {}): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !neutral.test(name))),
  ...extra
})

/** Commands under way. One that hangs fails its test, and must not outlive the tests. */
const alive = new Set<Command>()
process.once("exit", () => {
  for (const command of alive) command.signal("SIGKILL", "group")
})

/** A command that is under way. */
export class Command {
  readonly #child: ChildProcess
  readonly finished: Promise<Finished>
  #stdout = ""
  #stderr = ""

  /** @param program something that starts the command line in its turn */
  constructor(
    args: ReadonlyArray<string>,
    cwd: string,
    env: CliOptions["env"],
    program = join(repository, "bin/pipeline")
  ) {
    const child = spawn(program, args, {
      cwd,
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, as a terminal gives it: Ctrl-C reaches all of it, and nothing else.
      detached: true
    })
    this.#child = child
    alive.add(this)
    child.stdout.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString("utf8")
    })
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString("utf8")
    })
    this.finished = new Promise((resolve, reject) => {
      child.once("error", reject)
      child.once("exit", () => alive.delete(this))
      child.once("close", (code, signal) =>
        // The first command after an edit of the sources builds, and says so.
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr.replace(/^setup: .*\n/gm, "") })
      )
    })
  }

  /** Calls back with every whole line of standard output, its end included, as soon as it is there. */
  onLine(listener: (line: string) => void): void {
    let rest = ""
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("utf8")).split(/(?<=\n)/)
      rest = lines.at(-1)?.endsWith("\n") === true ? "" : (lines.pop() ?? "")
      for (const line of lines) listener(line)
    })
  }

  /** Whether the process has ended. */
  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN
  }

  /** Signals the command alone, or everything that it started as well. */
  signal(signal: NodeJS.Signals, to: "command" | "group" = "command"): void {
    process.kill(to === "group" ? -this.pid : this.pid, signal)
  }

  /** The same for who cannot know whether it has not just ended. */
  signalIfAlive(signal: NodeJS.Signals, to: "command" | "group" = "command"): void {
    try {
      this.signal(signal, to)
    } catch {
      // There is nobody any more.
    }
  }

  /** Resolves when standard error holds `text`. */
  async says(text: string): Promise<void> {
    await until(() => this.#stderr.includes(text) || this.#child.exitCode !== null, `"${text}"`)
    if (!this.#stderr.includes(text)) throw new Error(`it ended without saying "${text}":\n${this.#stderr}`)
  }
}

const launch = (project: TestProject, args: ReadonlyArray<string>, { cwd = project.root, env }: CliOptions) =>
  new Command(args, cwd, env)

/** Starts a command within a test, which kills it if it does not end it. */
export const start = (
  project: TestProject,
  args: ReadonlyArray<string>,
  options: CliOptions = {}
): Command => {
  const command = launch(project, args, options)
  onTestFinished(() => {
    if (alive.has(command)) command.signal("SIGKILL", "group")
  })
  return command
}

/** Runs a command to its end. */
export const cli = (
  project: TestProject,
  args: ReadonlyArray<string>,
  options: CliOptions = {}
): Promise<Finished> => launch(project, args, options).finished

/** Arguments for `script`, which runs a shell's line on a terminal of its own: util-linux's, or that of macOS. */
const onScript = (line: string): ReadonlyArray<string> =>
  process.platform === "linux" ? ["-qec", line, "/dev/null"] : ["-q", "/dev/null", "sh", "-c", line]

/** Whether this machine has `script`. */
export const hasTerminals = (): boolean =>
  spawnSync("script", onScript("true"), { stdio: "ignore" }).status === 0

/** Runs a command to its end on a terminal of 160 columns and 24 rows, and returns all that was written there. */
export const onTerminal = async (
  project: TestProject,
  args: ReadonlyArray<string>,
  env: CliOptions["env"] = {}
): Promise<string> => {
  const line = ["stty cols 160 rows 24; exec", join(repository, "bin/pipeline"), ...args].join(" ")
  const terminal = { TERM: "xterm", NO_COLOR: "1", ...env }
  return (await new Command(onScript(line), project.root, terminal, "script").finished).stdout
}

const patience = 60_000

/** Waits for something that no event tells of. */
export const until = async (condition: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (const end = performance.now() + patience; !(await condition()); ) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Whether a process runs. One that ended and that nobody has asked after does not. */
export const isAlive = (pid: number): boolean => {
  const status = `/proc/${pid}/stat`
  if (existsSync("/proc/self/stat")) {
    try {
      return !/\) [ZX] /.test(readFileSync(status, "utf8"))
    } catch {
      return false
    }
  }
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A text without what differs between two runs of the same thing: times, digests, run identifiers. */
export const steady = (text: string): string =>
  text
    .replace(/\b\d{8}-\d{9}-[0-9a-f]{4}\b/g, "RUN")
    .replace(/\b[0-9a-f]{64}\b/g, "DIGEST")
    .replace(/\b[0-9a-f]{8}\b/g, "digest")
    .replace(/\b\d+(\.\d+)? (ms|s)\b|\b\d+m \d\ds\b/g, "TIME")
    .replace(/\b\d+ B\b/g, "SIZE")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d \([^)]*\)/g, "WHEN")
    .replace(/[ \t]+/g, " ")
    .replace(/ +$/gm, "")
