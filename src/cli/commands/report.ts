/** `pipeline report`: a run, or two, as a page. */
import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { RunStore } from "../../track/run-store.ts"
import { DocumentFailed } from "../document-failed.ts"
import * as flags from "../flags.ts"
import { notesOf } from "../notes.ts"
import { openInBrowser } from "../open-in-browser.ts"
import { printPaths } from "../output.ts"
import { storeServices } from "../store.ts"

export const report = Command.make(
  "report",
  {
    run: flags.run,
    other: Argument.String("other").pipe(
      Argument.withDescription("another run, to put beside it"),
      Argument.optional
    ),
    notes: Flag.String("notes").pipe(
      Flag.withDescription(
        "directory with what there is to say: PIPELINE.md goes into the report of its pipeline"
      ),
      Flag.optional
    ),
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withDescription("file to write (default: RUN.html in the current directory)"),
      Flag.optional
    ),
    open: Flag.Boolean("open").pipe(Flag.withDescription("show it in the browser"), Flag.withDefault(false)),
    store: flags.store
  },
  Effect.fn("report")(function* (options) {
    const { store } = yield* flags.located(options.store)
    const { services } = storeServices(store, { create: false })
    const notes = Option.getOrUndefined(options.notes)
    // Charts and pages: nothing that a run should wait for.
    const { renderReport } = yield* Effect.promise(() => import("../../report/index.ts"))
    const { names, text } = yield* Effect.gen(function* () {
      const runs = yield* RunStore
      // By their whole names: `last` may be another one in a moment.
      const first = yield* runs.find(options.run)
      const other = Option.isNone(options.other) ? undefined : yield* runs.find(options.other.value)
      const text = yield* renderReport([first, other], {
        notes: (pipeline) => (notes === undefined ? Effect.undefined : notesOf(notes, pipeline))
      })
      return { names: [first, ...(other === undefined ? [] : [other])], text }
    }).pipe(Effect.provide(services))
    const path = resolve(Option.getOrElse(options.output, () => `${names.join("-and-")}.html`))
    yield* Effect.tryPromise({
      try: () => writeFile(path, text),
      catch: (cause) => new DocumentFailed({ path, reason: String(cause) })
    })
    yield* printPaths([path])
    if (options.open) yield* openInBrowser(pathToFileURL(path).href)
  })
).pipe(
  Command.withDescription("Write a run, or two side by side, as one HTML page"),
  Command.withExamples([
    { command: "pipeline report last --open", description: "the newest run, in the browser" },
    { command: "pipeline report last~1 last", description: "two runs beside each other" }
  ])
)
