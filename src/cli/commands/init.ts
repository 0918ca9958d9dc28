/** `pipeline init`: a project of one's own. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import * as flags from "../flags.ts"
import { initProject } from "../init.ts"
import { printJson, printResult } from "../output.ts"
import { packageRoot } from "../program.ts"

export const init = Command.make(
  "init",
  {
    directory: Argument.String("directory").pipe(Argument.withDescription("a new or empty directory")),
    json: flags.json
  },
  Effect.fn("init")(function* ({ directory, json }) {
    const files = yield* initProject({ directory, packageRoot })
    if (json) return yield* printJson({ directory, files })
    const next = [
      "",
      "next:",
      `  cd ${directory}`,
      "  npm install",
      "  npx pipeline run stripes",
      "  npm test"
    ]
    yield* printResult(`${[...files.map((file) => `made  ${file}`), ...next].join("\n")}\n`)
  })
).pipe(
  Command.withDescription("Set up a project with a pipeline, a stage and a test"),
  Command.withExamples([
    { command: "pipeline init my-experiment", description: "then cd into it and npm install" }
  ])
)
