/** `pipeline results`: finished runs as a document. */
import { writeFile } from "node:fs/promises"
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Actions } from "../../artifact/actions.ts"
import { Artifacts } from "../../artifact/artifacts.ts"
import { Table } from "../../artifact/kinds/table.ts"
import type { RunView } from "../../track/run-view.ts"
import { DocumentFailed } from "../document-failed.ts"
import * as flags from "../flags.ts"
import { loadRun } from "../load-run.ts"
import { notesOf } from "../notes.ts"
import { printNote, printResult } from "../output.ts"
import { storeServices } from "../store.ts"
import { type RunResults, resultsDocument } from "../view/results/document.ts"

/** A run has not come to its end, so that what it would say is not known. */
export class RunUnfinished extends Schema.TaggedError<RunUnfinished>()("RunUnfinished", {
  run: Schema.String,
  status: Schema.String
}) {
  override get message() {
    return `run \`${this.run}\` has no results: it is ${this.status}`
  }
  get hint() {
    return "run the pipeline again: what is finished stays finished; `pipeline runs` lists runs that are done"
  }
}

export const results = Command.make(
  "results",
  {
    runs: Argument.String("run").pipe(
      Argument.withDescription("runs, as `show` takes them; each becomes a section"),
      Argument.atLeast(1)
    ),
    notes: Flag.String("notes").pipe(
      Flag.withDescription(
        "directory with what there is to say: PIPELINE.md goes into the section of its pipeline"
      ),
      Flag.optional
    ),
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withDescription("file to write (default: standard output)"),
      Flag.optional
    ),
    store: flags.store
  },
  Effect.fn("results")(function* (options) {
    const { store } = yield* flags.located(options.store)
    const { services } = storeServices(store, { create: false })
    const notes = Option.getOrUndefined(options.notes)
    const found = yield* Effect.forEach(options.runs, (run) => resultsOf(run, notes)).pipe(
      Effect.provide(services)
    )
    const text = resultsDocument(commandText(found, notes, Option.getOrUndefined(options.output)), found)
    if (Option.isNone(options.output)) return yield* printResult(text)
    const path = options.output.value
    yield* Effect.tryPromise({
      try: () => writeFile(path, text),
      catch: (cause) => new DocumentFailed({ path, reason: String(cause) })
    })
    yield* printNote(`written to ${path}\n`)
  })
).pipe(
  Command.withDescription("Write the tables of finished runs as Markdown"),
  Command.withExamples([
    { command: "pipeline results last", description: "of the newest run" },
    {
      command: "pipeline results last last~1 --notes docs/notes --output docs/results.md",
      description: "of two, into a file"
    }
  ])
)

const resultsOf = Effect.fnUntraced(function* (reference: string, notes: string | undefined) {
  const view = yield* loadRun(reference)
  if (view.status !== "done") return yield* new RunUnfinished({ run: view.id, status: view.status })
  const artifacts = yield* Artifacts
  const tables = yield* Effect.forEach(finalTables(view), ({ node, digest }) =>
    Effect.gen(function* () {
      yield* artifacts.check(digest)
      return { node, value: yield* Table.decode(yield* artifacts.reader(digest)) }
    })
  )
  const own = notes === undefined ? undefined : yield* notesOf(notes, view.pipeline)
  return { view, computed: yield* computedBy(view), tables, notes: own } satisfies RunResults
})

/** Where each node's artifact was computed, as far as the cache still knows. */
const computedBy = Effect.fnUntraced(function* ({ nodes }: RunView) {
  const actions = yield* Actions
  const found = yield* Effect.forEach(nodes, ({ key }) =>
    key === undefined ? Effect.undefined : actions.lookup(key)
  )
  return found.flatMap((lookup) => (lookup?._tag === "Found" ? [lookup.record.provenance] : []))
})

/** Tables that no other table is made of. */
const finalTables = ({ nodes }: RunView) => {
  const used = new Set(
    nodes.flatMap(({ kind, inputs = {} }) =>
      kind !== "Table"
        ? []
        : Object.values(inputs).flatMap((input) =>
            typeof input === "string" ? [input] : Object.values(input)
          )
    )
  )
  return nodes.flatMap((node) =>
    node.kind === "Table" && node.digest !== undefined && !used.has(node.name)
      ? [{ node, digest: node.digest }]
      : []
  )
}

const commandText = (
  found: ReadonlyArray<RunResults>,
  notes: string | undefined,
  output: string | undefined
): string =>
  [
    "pipeline results",
    ...found.map(({ view }) => view.id),
    ...(notes === undefined ? [] : ["--notes", notes]),
    ...(output === undefined ? [] : ["--output", output])
  ].join(" ")
