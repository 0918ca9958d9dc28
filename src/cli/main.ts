/** The command line: words in, words out. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Logger } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { artifacts } from "./commands/artifacts.ts"
import { doctor } from "./commands/doctor.ts"
import { graph } from "./commands/graph.ts"
import { init } from "./commands/init.ts"
import { list, stages } from "./commands/list.ts"
import { plan } from "./commands/plan.ts"
import { results } from "./commands/results.ts"
import { run } from "./commands/run.ts"
import { diff, runs, show } from "./commands/runs.ts"
import { track } from "./commands/track.ts"
import { complaint, misuse } from "./complain.ts"
import { noteStyle, printNote } from "./output.ts"
import { program } from "./program.ts"

const root = Command.make("pipeline").pipe(
  Command.withDescription("Typed, cached pipelines for machine-learning experiments"),
  Command.withExamples([
    { command: "pipeline run mnist-advtrain --preset demo", description: "the first run; then run it again" }
  ]),
  Command.withSubcommands([
    run,
    plan,
    graph,
    list,
    stages,
    runs,
    show,
    diff,
    results,
    artifacts,
    track,
    doctor,
    init
  ])
)

/** Mistakes in the command itself: the message, and where help is; not the whole help. */
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag !== "InvalidInvocation"
      ? CliOutput.defaultPresenter.present(event)
      : printNote(misuse(event.errors, event.commandPath.join(" "), noteStyle()))
})

const services = Layer.mergeAll(
  NodeServices.layer,
  presenter,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
  Logger.layer([Logger.withConsoleError(Logger.formatSimple)])
)

// The first signal interrupts and lets finalizers run; the second does not wait for them.
let signals = 0
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143]
] as const) {
  process.on(signal, () => {
    if (++signals > 1) process.exit(code)
  })
}

/** 0 done, 1 a stage failed or the command was wrong, 2 our fault, 130 interrupted. */
const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (exit.cause.reasons.some(Cause.isDieReason)) return 2
  return Cause.hasInterruptsOnly(exit.cause) ? 130 : 1
}

root.pipe(
  Command.run({ version: program.version }),
  Effect.tapCause((cause) => printNote(complaint(cause, noteStyle()))),
  Effect.provide(services),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(exitCode(exit))
  })
)
