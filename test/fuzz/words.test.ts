/** What people type: params, and the words of the command line. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import fc from "fast-check"
import { artifacts } from "../../src/cli/commands/artifacts.ts"
import { graph } from "../../src/cli/commands/graph.ts"
import { init } from "../../src/cli/commands/init.ts"
import { plan } from "../../src/cli/commands/plan.ts"
import { results } from "../../src/cli/commands/results.ts"
import { run } from "../../src/cli/commands/run.ts"
import { diff, runs, show } from "../../src/cli/commands/runs.ts"
import { complaint, misuse } from "../../src/cli/complain.ts"
import { noteStyle } from "../../src/cli/output.ts"
import type { LoadedPipeline } from "../../src/worker/loaded.ts"
import { resolveParams } from "../../src/worker/params.ts"
import { fuzz, timeout } from "./fuzz.ts"

const Params = Schema.Struct({
  seed: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  name: Schema.String,
  optional: Schema.optionalKey(Schema.Finite),
  attack: Schema.Struct({ epsilon: Schema.Finite, steps: Schema.Int, targeted: Schema.Boolean }),
  names: Schema.Record(Schema.String, Schema.String),
  network: Schema.Union([Schema.Literals(["a", "b"]), Schema.Struct({ file: Schema.String })]),
  layers: Schema.Array(Schema.Record(Schema.String, Schema.Json)),
  epsilons: Schema.Array(Schema.Finite)
})

const pipeline: LoadedPipeline = {
  name: "p",
  description: "",
  params: Params,
  presets: {
    demo: {
      seed: 1,
      name: "n",
      attack: { epsilon: 0.1, steps: 3, targeted: false },
      names: { a: "b" },
      network: "a",
      layers: [],
      epsilons: [0.1]
    }
  },
  defaultPreset: "demo",
  build: () => ({})
}

const names = [
  "seed",
  "name",
  "optional",
  "attack",
  "attack.epsilon",
  "names",
  "names.a",
  "network",
  "layers",
  "epsilons"
]
const oddNames = [
  "__proto__",
  "__proto__.polluted",
  "constructor.prototype.x",
  "names.__proto__",
  "attack.__proto__.x",
  ".",
  "",
  "a..b"
]
const texts = fc.oneof(
  fc.constantFrom(
    ...[
      "1",
      "-1",
      "1e999",
      "NaN",
      "null",
      "true",
      "[]",
      "{}",
      '"',
      "0x10",
      "1152921504606846976",
      "b",
      "../../x"
    ],
    ...[
      '{"__proto__":{"polluted":1}}',
      '{"epsilon":0.5}',
      '{"file":"/etc/passwd"}',
      "[0.1,1e400]",
      "\u0000",
      "\ud800"
    ],
    "[".repeat(50_000),
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    `[{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}]`,
    "x".repeat(100_000)
  ),
  fc.json(),
  fc.string({ unit: "binary", maxLength: 20 })
)

const directory = mkdtempSync(join(tmpdir(), "words-"))
const before = process.cwd()
afterAll(() => {
  process.chdir(before)
  rmSync(directory, { recursive: true, force: true })
})

/** Whether a text has characters that move a cursor, clear a screen, or worse; line feeds and tabs are none. */
const hasControls = (text: string): boolean =>
  [...text].some((character) => {
    const code = character.codePointAt(0) ?? 0
    return (code < 0x20 && !"\n\t".includes(character)) || code === 0x7f
  })

describe("hostile words", () => {
  it(
    "params: what is taken fits the schema, and what is not is refused by name",
    async () => {
      const setting = fc.tuple(
        fc.oneof(fc.constantFrom(...names, ...oddNames), fc.string({ maxLength: 8 })),
        texts
      )
      const { taken, refused } = await fuzz({
        inputs: fc.record({
          preset: fc.oneof(
            { weight: 8, arbitrary: fc.constant(null) },
            fc.constantFrom("demo", "__proto__", "toString", "no")
          ),
          sets: fc.array(setting, { minLength: 1, maxLength: 4 })
        }),
        read: ({ preset, sets }) =>
          Effect.map(resolveParams(pipeline, preset, sets), ({ params, encoded }) => {
            assert.isTrue(Schema.is(Params)(params))
            assert.strictEqual(Object.getPrototypeOf(encoded), Object.prototype)
          }),
        bound: () => 1_000_000,
        examples: [{ preset: null, sets: [["seed", "7"]] }],
        runs: 300
      })
      assert.isAbove(taken, 0)
      assert.includeMembers(Object.keys(refused), ["InvalidParam", "UnknownPreset"])
    },
    timeout
  )

  it(
    "the command line: every word is taken, or refused with words that a terminal can show",
    async () => {
      process.chdir(directory)
      // The commands themselves are left out: what words mean is decided before they begin.
      const parsed: Array<string> = []
      const nothing = () => Effect.sync(() => void parsed.push(""))
      const root = Command.make("pipeline").pipe(
        Command.withSubcommands([
          Command.withHandler(run, nothing),
          Command.withHandler(plan, nothing),
          Command.withHandler(graph, nothing),
          Command.withHandler(runs, nothing),
          Command.withHandler(show, nothing),
          Command.withHandler(diff, nothing),
          Command.withHandler(results, nothing),
          Command.withHandler(init, nothing),
          // These may run: here is no store, and no project.
          artifacts
        ])
      )
      const shown: Array<string> = []
      const presenter = CliOutput.layerPresenter({
        present: (event) =>
          Effect.sync(() => {
            if (event._tag === "InvalidInvocation")
              shown.push(misuse(event.errors, event.commandPath.join(" "), noteStyle()))
          })
      })
      const services = Layer.mergeAll(
        NodeServices.layer,
        presenter,
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
      )
      const commands = [
        "run",
        "plan",
        "graph",
        "runs",
        "show",
        "diff",
        "results",
        "init",
        "artifacts",
        "rum",
        ""
      ]
      const deeper = ["ls", "export", "verify", "gc", "pin", "unpin"]
      const flags = [
        ...[
          "--preset",
          "-p",
          "--set",
          "--only",
          "--from",
          "--force",
          "--jobs",
          "-j",
          "--keep-going",
          "-k",
          "--dry-run"
        ],
        ...[
          "--data-dir",
          "--offline",
          "--track-wait",
          "--json",
          "--store",
          "--help",
          "--version",
          "--max-size"
        ],
        ...[
          "--keep-runs",
          "--repair",
          "--run",
          "--engine",
          "--",
          "---",
          "-",
          "--__proto__",
          "--constructor",
          "-xyz"
        ]
      ]
      const word = fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...flags) },
        { weight: 2, arbitrary: fc.constantFrom(...commands, ...deeper) },
        {
          weight: 3,
          arbitrary: fc.oneof(
            fc.constantFrom(
              "1",
              "-1",
              "1e9",
              "a=b",
              "__proto__=1",
              "=",
              "2GB",
              "../../etc/passwd",
              "last~9999999",
              "\u001b[2J",
              "\ud800"
            ),
            fc.string({ unit: "binary", maxLength: 12 }),
            fc
              .tuple(fc.constantFrom(...flags), fc.string({ maxLength: 6 }))
              .map(([flag, value]) => `${flag}=${value}`)
          )
        }
      )
      const { refused } = await fuzz({
        inputs: fc.tuple(fc.constantFrom(...commands), fc.array(word, { maxLength: 8 })),
        read: ([command, words]) =>
          Effect.gen(function* () {
            shown.length = 0
            yield* Command.runWith(root, { version: "0" })([command, ...words]).pipe(
              Effect.tapCause((cause) => Effect.sync(() => void shown.push(complaint(cause, noteStyle())))),
              Effect.provide(services)
            )
          }).pipe(
            Effect.ensuring(
              Effect.sync(() => {
                for (const text of shown) assert.isFalse(hasControls(text), JSON.stringify(text))
              })
            )
          ),
        bound: () => 64_000_000,
        runs: 400
      })
      assert.isAbove(parsed.length, 0)
      assert.isAbove(refused["ShowHelp"] ?? 0, 0)
      assert.isTrue(readdirSync(directory).every((name) => name === "artifacts"))
    },
    timeout
  )
})
