/**
 * A document that is followed to the letter: its files are written, its commands are run, and what it shows is compared with what
 * comes out.
 *
 * - A `ts` block whose first line is a comment with a path is that file.
 * - In a `console` block a line that begins with `$ ` is a command, and what stands below is its output, both streams together.
 *   A line of `…` stands for any lines. `^C` means that the command is interrupted when it has written a checkpoint.
 */
import { type ChildProcess, spawn } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect } from "vitest"
import { environment, steady, until } from "./cli.ts"
import { repository } from "./project.ts"

export type Step =
  | { readonly _tag: "file"; readonly path: string; readonly text: string }
  | { readonly _tag: "command"; readonly command: string; readonly output: ReadonlyArray<string> }

/** What a reader would do, in the order of the document. Blocks of other kinds are for reading only. */
export const stepsOf = (markdown: string): ReadonlyArray<Step> =>
  [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, language, body = ""]) => {
    if (language === "console") return commandsOf(body)
    const path = language === "ts" ? /^\/\/ (\S+\.ts)\n/.exec(body)?.[1] : undefined
    return path === undefined
      ? []
      : [{ _tag: "file", path, text: body.slice(body.indexOf("\n") + 1) } as const]
  })

const commandsOf = (body: string): ReadonlyArray<Step> =>
  body
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...output] = part.trimEnd().split("\n")
      return { _tag: "command", command, output }
    })

/** Whether an output is the one that the document shows, up to what differs from run to run. */
export const shows = (expected: ReadonlyArray<string>, output: string): boolean => {
  const pattern = expected
    .filter((line) => line !== "^C")
    .map((line) => (line === "…" ? "(?:.*\\n)*?" : `${literal(loose(line))}\\n`))
    .join("")
  return new RegExp(`^${pattern}$`).test(`${loose(output.trimEnd())}\n`.replace(/^\n$/, ""))
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Without what is chance: times, digests, how far it was when it was interrupted, and digits that another processor rounds otherwise. */
const loose = (text: string): string =>
  steady(text)
    .replace(/: \d+ of (\d+) epochs are done, and \d+ steps/g, ": N of $1 epochs are done, and N steps")
    .replace(/\b\d+\.\d{4,}\b/g, "NUMBER")
    .trimEnd()

/** A reader in a directory of their own. Nothing is installed: `npm install` links what is in the repository. */
export class Reader {
  readonly #home = mkdtempSync(join(tmpdir(), "reader-"))
  #directory = join(this.#home, "work")
  #running: ChildProcess | undefined
  readonly #variables: Record<string, string> = {}

  constructor() {
    const { bin } = this
    for (const directory of [bin, this.#directory]) mkdirSync(directory)
    const script = (name: string, text: string) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
      chmodSync(join(bin, name), 0o755)
    }
    script("pipeline", `exec ${repository}/bin/pipeline "$@"`)
    script("npx", 'exec "$@"')
    script("tsc", `exec ${process.execPath} ${repository}/node_modules/typescript/bin/tsc "$@"`)
    // Of `npm` a document may ask for `install` alone.
    const links = ["vitest", "typescript", "@types"].map(
      (name) => `ln -s ${repository}/node_modules/${name} node_modules/`
    )
    script(
      "npm",
      [
        'test "$1" = install || exit 1',
        "mkdir node_modules",
        `ln -s ${repository} node_modules/advpipe`,
        ...links
      ].join("\n")
    )
  }

  get bin(): string {
    return join(this.#home, "bin")
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#directory, path)), { recursive: true })
    writeFileSync(join(this.#directory, path), text)
  }

  /** Runs a command as an interactive shell would, in the directory to which the commands before have led. */
  async run(
    command: string,
    interrupt: boolean
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const [, name, value] = /^export (\w+)=(\S+)$/.exec(command) ?? []
    if (name !== undefined && value !== undefined) {
      this.#variables[name] = value
      return { code: 0, output: "" }
    }
    const state = join(this.#home, "directory")
    const before = new Set(this.#checkpoints())
    const child = spawn("bash", ["-c", `${command}\ncode=$?\npwd >${state}\nexit $code`], {
      cwd: this.#directory,
      env: environment({ ...this.#variables, PATH: `${this.bin}:${process.env["PATH"]}` }),
      stdio: ["ignore", "pipe", "pipe"],
      // What Ctrl-C reaches.
      detached: true
    })
    this.#running = child
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8")
      })
    const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))
    if (interrupt) {
      await until(
        () => this.#checkpoints().some((name) => !before.has(name)) || child.exitCode !== null,
        "a checkpoint"
      )
      this.#signal("SIGINT")
    }
    const code = await ended
    this.#running = undefined
    if (existsSync(state)) this.#directory = readFileSync(state, "utf8").trim()
    return { code, output: output.replace(/^setup: .*\n/gm, "") }
  }

  #checkpoints(): ReadonlyArray<string> {
    const directory = join(this.#directory, "artifacts/checkpoints")
    const names = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : []
    return names.filter((name) => name.endsWith(".safetensors"))
  }

  remove(): void {
    this.#signal("SIGKILL")
    rmSync(this.#home, { recursive: true, force: true })
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#running?.pid === undefined) return
    try {
      process.kill(-this.#running.pid, signal)
    } catch {
      // It has ended.
    }
  }
}

/** Does what a document says, and holds what it shows to what happens. Answers with the number of steps. */
export const follow = async (reader: Reader, markdown: string): Promise<number> => {
  const steps = stepsOf(markdown)
  for (const step of steps) {
    if (step._tag === "file") {
      reader.write(step.path, step.text)
      continue
    }
    const { command, output: expected } = step
    const interrupted = expected.includes("^C")
    const { code, output } = await reader.run(command, interrupted)
    const told = `$ ${command}\n${output}`
    expect({ told, code }).toEqual({ told, code: interrupted ? 130 : 0 })
    if (!shows(expected, output)) expect(told).toBe(`$ ${command}\n${expected.join("\n")}`)
  }
  return steps.length
}
