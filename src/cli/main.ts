/** The command line: words in, words out. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Logger } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { complaint, misuse } from "./complain.ts"
import { noteStyle, printNote } from "./output.ts"
import { program } from "./program.ts"
import { root } from "./root.ts"

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
let interrupted: number | undefined
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143]
] as const) {
  process.on(signal, () => {
    if (interrupted !== undefined) process.exit(code)
    interrupted = code
  })
}

/** 0 done, 1 a stage failed or the command was wrong, 2 our fault, 130 interrupted, 143 told to end. */
const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (exit.cause.reasons.some(Cause.isDieReason)) return 2
  return Cause.hasInterruptsOnly(exit.cause) ? (interrupted ?? 130) : 1
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
