/**
 * The reference of the command line, made from the commands themselves.
 *
 *     node scripts/cli-reference.ts      writes docs/cli.md
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag, type HelpDoc } from "effect/cli"
import { root } from "../src/cli/root.ts"

const head = `# Command line

<!-- Made by scripts/cli-reference.ts from the commands; a test holds them to each other. -->

Results go to standard output, everything else to standard error. A terminal gets live lines, a pipe one line per event, and \`--json\` one
document, or one event per line of a run. \`RUN\` is an identifier, the beginning of one, \`last\`, or \`last~1\` for the one before.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | a stage failed, a check did not pass, or the command was wrong |
| 2 | a mistake of the program: please report it |
| 130, 143 | interrupted by Ctrl-C, told to end |

| variable | |
| --- | --- |
| \`PIPELINE_STORE\` | the store's directory, instead of \`artifacts\` in the project |
| \`PIPELINE_DATA_DIR\` | where real data sets are |
| \`PIPELINE_ENGINE\` | what computes: \`auto\`, \`onnx\`, \`tfjs-node-gpu\`, \`webgpu\`, \`wasm\`, \`cpu\` |
| \`PIPELINE_TFJS_NODE\` | a directory that scripts/build-tfjs-node.mjs made: TensorFlow.js on libtensorflow |
| \`PIPELINE_GPUS\` | graphics processors that stages may ask for; 0 by default |
| \`PIPELINE_LEASE_PATIENCE\` | seconds without a sign of life after which a process is given up; 10 by default |
| \`PIPELINE_NODE\` | another Node to run on |
| \`MLFLOW_TRACKING_URI\`, … | as MLflow's Python client reads them |
| \`PIPELINE_MLFLOW_REGISTER\` | \`node=name@alias\`, …: registers nodes' models, computed or found in the cache |
| \`NO_COLOR\`, \`FORCE_COLOR\` | as everywhere |
`

/** What `--help` of a command would print, as data. */
const helpOf = (words: ReadonlyArray<string>): Effect.Effect<HelpDoc.HelpDoc> => {
  let found: HelpDoc.HelpDoc | undefined
  const services = Layer.mergeAll(
    NodeServices.layer,
    CliOutput.layerPresenter({
      present: (event) =>
        Effect.sync(() => {
          if (event._tag === "Help") found = event.helpDoc
        })
    }),
    CliConfig.layer({ builtIns: [GlobalFlag.Help] })
  )
  return Command.runWith(root, { version: "" })([...words, "--help"]).pipe(
    Effect.provide(services),
    Effect.orDie,
    Effect.flatMap(() =>
      found === undefined ? Effect.die(new Error(`no help for ${words.join(" ")}`)) : Effect.succeed(found)
    )
  )
}

const sections = (words: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const doc = yield* helpOf(words)
    const below = (doc.subcommands ?? []).flatMap(({ commands }) => commands)
    const inner = yield* Effect.forEach(below, ({ name }) => sections([...words, name]))
    // The groups are there for the commands in them.
    return [...(words.length === 0 ? [] : [section(words, doc)]), ...inner.flat()]
  })

const section = (words: ReadonlyArray<string>, doc: HelpDoc.HelpDoc): string => {
  const { args = [], flags, examples = [] } = doc
  const rows = [
    ...args.map(({ name, variadic, description }) => ({
      name: `\`${name}${variadic ? "…" : ""}\``,
      description
    })),
    ...flags.map(({ name, aliases, type, description }) => ({
      name: `\`--${name}${type === "boolean" ? "" : ` ${type}`}\`${aliases.map((alias) => `, \`${alias}\``).join("")}`,
      description
    }))
  ]
  return [
    `${"#".repeat(words.length + 1)} ${words.join(" ")}`,
    "",
    `${doc.description}.`,
    "",
    "```console",
    `$ ${doc.usage}`,
    "```",
    ...(rows.length === 0 ? [] : ["", ...table(rows)]),
    ...(examples.length === 0
      ? []
      : [
          "",
          "```console",
          ...examples.map(({ command, description }) => `$ ${command}    # ${description ?? ""}`),
          "```"
        ])
  ].join("\n")
}

interface Row {
  readonly name: string
  readonly description: Option.Option<string>
}

const table = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => [
  "| word | meaning |",
  "| --- | --- |",
  ...rows.map(({ name, description }) =>
    [name, Option.getOrElse(description, () => "")].reduce(
      (line, cell) => `${line} ${cell.replaceAll("|", "\\|")} |`,
      "|"
    )
  )
]

const here = join(import.meta.dirname, "..")

/** Tables line up as the formatter wants them. */
const formatted = (text: string): string =>
  execFileSync(join(here, "node_modules/.bin/biome"), ["format", "--stdin-file-path=docs/cli.md"], {
    cwd: here,
    input: text,
    encoding: "utf8"
  })

/** The text of docs/cli.md. */
export const cliReference: Effect.Effect<string> = Effect.map(sections([]), (texts) =>
  formatted(`${[head, ...texts].join("\n\n").replace(/\n{3,}/g, "\n\n")}\n`)
)

if (import.meta.main) writeFileSync(join(here, "docs/cli.md"), await Effect.runPromise(cliReference))
