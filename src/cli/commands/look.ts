/** `pipeline look`: the store's runs in a browser. */
import { resolve } from "node:path"
import { Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as flags from "../flags.ts"
import { storeServices } from "../store.ts"

const port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))

export const look = Command.make(
  "look",
  {
    port: Flag.Int("port").pipe(
      Flag.withSchema(port),
      Flag.withDescription("where it listens; 0 lets the system choose"),
      Flag.withDefault(7341)
    ),
    host: Flag.String("host").pipe(
      Flag.withDescription(
        "the address it listens on; others than 127.0.0.1 let other machines read the runs"
      ),
      Flag.withDefault("127.0.0.1")
    ),
    open: Flag.Boolean("open").pipe(Flag.withDescription("show it in the browser"), Flag.withDefault(false)),
    json: flags.json,
    store: flags.store
  },
  Effect.fn("look")(function* ({ port, host, open, json, store }) {
    const { store: directory } = yield* flags.located(store)
    const { services } = storeServices(directory, { create: false })
    const { serveLook } = yield* Effect.promise(() => import("../look/serve.ts"))
    return yield* serveLook({ port, host, open, json, store: resolve(directory) }).pipe(
      Effect.provide(services)
    )
  })
).pipe(
  Command.withDescription("Look at the runs in a browser, the one that goes on as it goes; until Ctrl-C"),
  Command.withExamples([
    { command: "pipeline look --open", description: "all runs of the store" },
    { command: "pipeline look --port 0 --json", description: "on any free port, told to a program" }
  ])
)
