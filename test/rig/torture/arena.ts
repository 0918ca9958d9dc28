/** Where runs are struck: a project, a pipeline in it, and what an undisturbed run of it is like. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Event } from "../../../src/track/event.ts"
import { Command, type Finished } from "../cli.ts"
import { repository, TestProject } from "../project.ts"
import { eventsOf } from "./run-journal.ts"
import { smallProject } from "./small.ts"

export type PipelineName = "small" | "demo"
/** Of the small pipeline: a part of it. */
export type Preset = "less"

/** Seconds that a lease's holder may stand still. Short, so that frozen runs are overtaken soon. */
export const leasePatience = 2

export class Arena {
  readonly #scratch = mkdtempSync(join(tmpdir(), "torture-"))
  readonly #project: TestProject | undefined
  readonly #words: ReadonlyArray<string>
  /** Up to when after its start a run is struck, in seconds. */
  readonly horizon: number
  /** How long each node took in a run that nothing disturbed. */
  readonly seconds = new Map<string, number>()
  readonly #expected = new Map<Preset | undefined, ReadonlyMap<string, string>>()

  constructor(pipeline: PipelineName) {
    this.#project = pipeline === "small" ? new TestProject(smallProject) : undefined
    this.#words = pipeline === "small" ? ["small"] : ["mnist-advtrain", "--preset", "demo"]
    this.horizon = pipeline === "small" ? 2.4 : 12
  }

  get #prepared(): string {
    return join(this.#scratch, "prepared")
  }

  /** Runs it once in peace, and a part of it as well where there is one. */
  async measure(): Promise<void> {
    for (const preset of this.#project === undefined ? [undefined] : ([undefined, "less"] as const)) {
      const finished = await this.run(this.#prepared, preset).finished
      const events = eventsOf(this.#prepared, this.runs(this.#prepared).at(-1) ?? "")
      if (finished.code !== 0)
        throw new Error(`the undisturbed run failed:\n${finished.stderr}${failuresIn(events)}`)
      this.#expected.set(preset, digestsIn(events))
      for (const event of events)
        if (event._tag === "NodeFinished") this.seconds.set(event.node, event.seconds)
    }
    // What is left is what a store knows that has seen the pipeline and has none of its results.
    for (const name of readdirSync(this.#prepared))
      if (!["code", "plans", "memos", "format.json"].includes(name))
        rmSync(join(this.#prepared, name), { recursive: true })
  }

  /** The digest of each node in an undisturbed run. */
  expected(preset: Preset | undefined): ReadonlyMap<string, string> {
    return this.#expected.get(preset) ?? new Map()
  }

  /** A store without results; some do not even know the pipeline. */
  store(name: string, isNew: boolean): string {
    const directory = join(this.#scratch, name)
    if (!isNew) cpSync(this.#prepared, directory, { recursive: true })
    return directory
  }

  /** Starts the pipeline. */
  run(store: string, preset?: Preset): Command {
    const words = preset === undefined ? this.#words : [...this.#words, "--preset", preset]
    return this.command(["run", ...words, "--json", "--store", store])
  }

  command(args: ReadonlyArray<string>): Command {
    const cwd = this.#project?.root ?? repository
    return new Command(args, cwd, { PIPELINE_LEASE_PATIENCE: String(leasePatience) })
  }

  /** Hashes everything in a store. */
  verify(store: string): Promise<Finished> {
    return this.command(["artifacts", "verify", "--store", store]).finished
  }

  /** The runs in a store, oldest first. */
  runs(store: string): ReadonlyArray<string> {
    const directory = join(store, "runs")
    return existsSync(directory) ? readdirSync(directory).sort() : []
  }

  remove(): void {
    this.#project?.remove()
    rmSync(this.#scratch, { recursive: true, force: true })
  }
}

/** The digest of each node that a run found or made. */
export const digestsIn = (events: ReadonlyArray<Event>): ReadonlyMap<string, string> =>
  new Map(
    events.flatMap((event) =>
      event._tag === "NodeFinished" || event._tag === "NodeCached"
        ? [[event.node, event.digest] as const]
        : []
    )
  )

const failuresIn = (events: ReadonlyArray<Event>): string =>
  events
    .flatMap((event) => (event._tag === "NodeFailed" ? `\`${event.node}\`: ${event.failure.message}\n` : []))
    .join("")
