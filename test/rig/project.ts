/** A project in a directory of its own, as somebody outside this repository would have it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Option, Schema } from "effect"
import { Event } from "../../src/track/event.ts"

export const repository = join(import.meta.dirname, "../..")

const decodeEvent = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(Event)))

/** The events in a text of JSON lines. Throws on a line that is no event. */
export const eventsIn = (text: string): ReadonlyArray<Event> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Option.getOrThrowWith(decodeEvent(line), () => new Error(`no event: ${line}`)))

export class TestProject {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "project-")))

  /** @param files texts by path */
  constructor(files: { readonly [path: string]: string } = {}) {
    mkdirSync(join(this.root, "node_modules"))
    symlinkSync(repository, join(this.root, "node_modules/advpipe"))
    for (const [path, text] of Object.entries(files)) this.write(path, text)
  }

  get store(): string {
    return join(this.root, "artifacts")
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text)
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8")
  }

  /** Forgets every result, run and memory. */
  clear(): void {
    rmSync(this.store, { recursive: true, force: true })
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  /** Identifiers of the runs in the store, oldest first. */
  runs(store = this.store): ReadonlyArray<string> {
    const directory = join(store, "runs")
    return existsSync(directory) ? readdirSync(directory).sort() : []
  }

  /** What a run's journal holds so far; without an identifier, the newest run's. */
  journal(id = this.runs().at(-1)): ReadonlyArray<Event> {
    const path = `artifacts/runs/${id}/journal.jsonl`
    if (!existsSync(join(this.root, path))) return []
    const text = this.read(path)
    // A run that is alive may be in the middle of a line.
    return eventsIn(text.slice(0, text.lastIndexOf("\n") + 1))
  }

  /** How often the nodes were started over all runs. */
  starts(): { readonly [node: string]: number } {
    const starts: Record<string, number> = {}
    for (const id of this.runs())
      for (const event of this.journal(id))
        if (event._tag === "NodeStarted") starts[event.node] = (starts[event.node] ?? 0) + 1
    return starts
  }

  /** Files in a directory of the store, at any depth. */
  files(directory: string): ReadonlyArray<string> {
    const root = join(this.store, directory)
    if (!existsSync(root)) return []
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  }
}

/** Stages over tables of one number, each with a way to misbehave. */
export const stages = `import { Effect, Metrics, Progress, Schema, Stage, Table } from "advpipe"

const table = (value: number) => ({
  title: "a number",
  columns: [{ name: "value", type: "number" as const }],
  rows: [[value]]
})
const valueOf = (table: { rows: ReadonlyArray<ReadonlyArray<unknown>> }) => Number(table.rows[0]?.[0])

export const number = Stage.make("number", {
  inputs: {},
  params: Schema.Struct({ value: Schema.Int }),
  output: Table,
  *run(_, { value }) {
    yield* Metrics.log("value", value)
    yield* Effect.log("made " + value)
    return table(value)
  }
})

export const scale = Stage.make("scale", {
  inputs: { of: Table },
  params: Schema.Struct({ by: Schema.Int }),
  output: Table,
  *run({ of }, { by }) {
    return table(valueOf(of) * by)
  }
})

export const sum = Stage.make("sum", {
  inputs: { terms: Stage.list(Table) },
  params: Schema.Struct({}),
  output: Table,
  *run({ terms }) {
    return table(terms.reduce((total, term) => total + valueOf(term), 0))
  }
})

/** Takes its time, in one long sleep or in computing. */
export const slow = Stage.make("slow", {
  inputs: {},
  params: Schema.Struct({ seconds: Schema.Finite, value: Schema.Int, busy: Schema.Boolean }),
  output: Table,
  *run(_, { seconds, value, busy }) {
    yield* Progress.report(1, 2, "halves")
    if (!busy) yield* Effect.sleep(seconds * 1000)
    else for (let step = 0, x = 1; step < seconds * 2e8; step++) x = (x * 16807) % 2147483647
    return table(value)
  }
})

export const broken = Stage.make("broken", {
  inputs: {},
  params: Schema.Struct({ how: Schema.Literals(["throws", "fails", "exits", "eats", "lies"]) }),
  output: Table,
  *run(_, { how }) {
    if (how === "throws") throw new TypeError("it went wrong")
    if (how === "exits") process.exit(3)
    if (how === "eats") for (const all: Array<Array<number>> = []; ; ) all.push(new Array(100_000).fill(1))
    if (how === "lies") return { ...table(1), rows: [[1, 2]] }
    return yield* Effect.fail(Object.assign(new Error("no data today"), { _tag: "NoData", hint: "come back tomorrow" }))
  }
})

export const flaky = Stage.make("flaky", {
  inputs: {},
  params: Schema.Struct({}),
  output: Table,
  retries: 2,
  *run() {
    return yield* Effect.fail(Object.assign(new Error("not this time"), { _tag: "Flaky" }))
  }
})

export const late = Stage.make("late", {
  inputs: {},
  params: Schema.Struct({}),
  output: Table,
  timeout: "300 millis",
  *run() {
    yield* Effect.sleep("1 hour")
    return table(1)
  }
})
`

/**
 * A pipeline's file.
 *
 * @param params fields of its schema, and its presets, as source texts
 * @param body of `build`, which has the params as \`params\`
 */
export const pipeline = (
  name: string,
  body: string,
  {
    params = "",
    presets = "demo: {}",
    head = ""
  }: { readonly params?: string; readonly presets?: string; readonly head?: string } = {}
): string => `import { Pipeline, Schema, Stage, Table } from "advpipe"
import { broken, flaky, late, number, scale, slow, sum } from "../stages/numbers.ts"
${head}
export default Pipeline.make("${name}", {
  description: "A test",
  params: Schema.Struct({ ${params} }),
  presets: { ${presets} },
  defaultPreset: "demo",
  build: (params) => {
    ${body}
  }
})
`
