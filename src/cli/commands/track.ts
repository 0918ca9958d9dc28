/** `pipeline track`: runs on an MLflow server. What it takes is loaded when it is asked for. */
import { join, resolve } from "node:path"
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as flags from "../flags.ts"
import { storeServices } from "../store.ts"

const shared = { json: flags.json, store: flags.store }

const optionalRun = Argument.String("run").pipe(
  Argument.withDescription("a run: its identifier, the beginning of one, `last`, or `last~1`"),
  Argument.optional
)

const inStore = (storeFlag: Parameters<typeof flags.located>[0]) =>
  Effect.map(flags.located(storeFlag), ({ store }) => storeServices(store, { create: false }))

const sync = Command.make(
  "sync",
  {
    run: optionalRun,
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("every run in the store that the server does not have whole"),
      Flag.withDefault(false)
    ),
    follow: Flag.Boolean("follow").pipe(Flag.withHidden, Flag.withDefault(false)),
    ...shared
  },
  Effect.fn("track.sync")(function* ({ run, all, follow, json, store }) {
    const { layout, services } = yield* inStore(store)
    const { followRun, syncRuns } = yield* Effect.promise(() => import("../track-sync.ts"))
    const reference = Option.getOrElse(run, () => "last")
    yield* Effect.provide(
      follow ? followRun(reference, layout) : syncRuns(all ? "all" : reference, layout, json),
      services
    )
  })
).pipe(
  Command.withDescription(
    "Send what an MLflow server missed of a run (default: of the last one), without waiting for its end"
  ),
  Command.withExamples([
    { command: "pipeline track sync", description: "the last run" },
    { command: "pipeline track sync --all", description: "everything that is outstanding, also of old runs" }
  ])
)

const status = Command.make(
  "status",
  { run: optionalRun, ...shared },
  Effect.fn("track.status")(function* ({ run, json, store }) {
    const { layout, services } = yield* inStore(store)
    const { showStatus } = yield* Effect.promise(() => import("../track-status.ts"))
    yield* Effect.provide(showStatus(Option.getOrUndefined(run), layout, json), services)
  })
).pipe(
  Command.withDescription("Show what of the runs is outstanding, for each server"),
  Command.withExamples([{ command: "pipeline track status", description: "of every run in the store" }])
)

const port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))

const serve = Command.make(
  "serve",
  {
    port: Flag.Int("port").pipe(
      Flag.withSchema(port),
      Flag.withDescription("where it listens, on this machine alone"),
      Flag.withDefault(5000)
    ),
    directory: Flag.String("directory").pipe(
      Flag.withDescription("its database and its files (default: `mlflow` in the project)"),
      Flag.optional
    ),
    json: flags.json
  },
  Effect.fn("track.serve")(function* ({ port, directory, json }) {
    const { project } = yield* flags.located(Option.none())
    const { serveMlflow } = yield* Effect.promise(() => import("../track-serve.ts"))
    return yield* serveMlflow({
      port,
      directory: resolve(Option.getOrElse(directory, () => join(project.root, "mlflow"))),
      json
    })
  })
).pipe(
  Command.withDescription("Start an MLflow server on this machine, until Ctrl-C"),
  Command.withExamples([
    { command: "pipeline track serve", description: "then run pipelines in another terminal" }
  ])
)

export const track = Command.make("track").pipe(
  Command.withDescription("Show runs in MLflow: start a server, send what it missed"),
  Command.withExamples([
    { command: "pipeline track status", description: "what a server does not have yet" },
    { command: "pipeline track sync last", description: "send it" }
  ]),
  Command.withSubcommands([sync, status, serve])
)
