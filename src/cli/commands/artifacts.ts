/** `pipeline artifacts`: the store. */
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Blobs } from "../../artifact/blobs.ts"
import { type Digest, isDigest } from "../../artifact/digest.ts"
import { exportArtifact } from "../../artifact/export.ts"
import { verify } from "../../artifact/verify.ts"
import { didYouMean } from "../../text/did-you-mean.ts"
import { RunStore } from "../../track/run-store.ts"
import { verifyRuns } from "../../track/verify-runs.ts"
import { byteCountFlag } from "../byte-count.ts"
import { collectGarbage } from "../collect-garbage.ts"
import * as flags from "../flags.ts"
import { loadRun } from "../load-run.ts"
import { printJson, printNote, printPaths, printResult, resultStyle, resultWidth, timing } from "../output.ts"
import { storeServices } from "../store.ts"
import { bytes, count, plural } from "../view/format.ts"
import { table } from "../view/table.ts"
import { harmless } from "../view/text.ts"

const shared = { json: flags.json, store: flags.store }

const services = (storeFlag: Option.Option<string>, create = false) =>
  Effect.map(flags.located(storeFlag), ({ store }) => storeServices(store, { create }).services)

/** There is no artifact under a name. */
export class NoSuchArtifact extends Schema.TaggedError<NoSuchArtifact>()("NoSuchArtifact", {
  name: Schema.String,
  run: Schema.String,
  pipeline: Schema.String,
  status: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `run ${this.run} (${this.pipeline}, ${this.status}) has no artifact \`${this.name}\``
  }
  get hint() {
    const other = "`--run RUN` takes another run's, and `pipeline runs` lists them"
    if (this.known.length === 0) return `it has none at all; ${other}`
    const near = didYouMean(this.name, this.known)
    return near === undefined ? `\`pipeline artifacts ls\` lists what it has; ${other}` : `${near} ${other}`
  }
}

/** `pipeline artifacts verify` found damage. */
export class StoreDamaged extends Schema.TaggedError<StoreDamaged>()("StoreDamaged", {
  count: Schema.Int,
  repaired: Schema.Boolean
}) {
  override get message() {
    return `${plural(this.count, "file")} in the store ${this.count === 1 ? "is" : "are"} damaged`
  }
  get hint() {
    return this.repaired
      ? "what was damaged has been taken out of the way; the next run computes it again"
      : "`pipeline artifacts verify --repair` removes them; the next run computes them again"
  }
}

const runFlag = Flag.String("run").pipe(
  Flag.withDescription("the run whose artifacts are meant (default: the newest)"),
  Flag.withDefault("last")
)

const ls = Command.make(
  "ls",
  { run: runFlag, ...shared },
  Effect.fn("artifacts.ls")(function* ({ run, json, store }) {
    const view = yield* Effect.provide(loadRun(run), yield* services(store))
    const found = view.nodes.flatMap(({ name, kind = "", digest, bytes: size = null }) =>
      digest === undefined ? [] : [{ node: name, kind, digest, bytes: size }]
    )
    if (json) return yield* printJson(found)
    const columns = [
      { head: "node", shrinkTo: 12 },
      { head: "kind" },
      { head: "bytes", align: "right" },
      { head: "digest" }
    ] as const
    const rows = found.map(({ node, kind, digest, bytes: size }) => [
      harmless(node),
      harmless(kind),
      size === null ? "" : bytes(size),
      digest
    ])
    yield* printResult(
      `${table(columns, rows, { width: resultWidth(), head: resultStyle().dim }).join("\n")}\n`
    )
  })
).pipe(
  Command.withDescription("List the artifacts of a run"),
  Command.withExamples([
    { command: "pipeline artifacts ls --run last~1", description: "of the run before the newest" }
  ])
)

const exportCommand = Command.make(
  "export",
  {
    artifact: Argument.String("artifact").pipe(
      Argument.withDescription("a node's name, or a digest or its beginning")
    ),
    directory: Argument.String("directory").pipe(
      Argument.withDescription("where to; it is made, and must not have files of the same names")
    ),
    run: runFlag,
    ...shared
  },
  Effect.fn("artifacts.export")(function* ({ artifact, directory, run, json, store }) {
    const exported = yield* Effect.gen(function* () {
      const digest = yield* digestFor(artifact, run)
      return yield* exportArtifact(digest, directory)
    }).pipe(Effect.provide(yield* services(store)))
    yield* json ? printJson(exported) : printPaths(exported.map(({ path }) => path))
  })
).pipe(
  Command.withDescription("Copy an artifact's files out of the store"),
  Command.withExamples([
    {
      command: "pipeline artifacts export card/sheet out/",
      description: "a node's artifact of the newest run"
    }
  ])
)

/** A digest by a node's name in a run, or by the beginning of a digest that the run has. */
const digestFor = Effect.fnUntraced(function* (name: string, run: string) {
  if (isDigest(name)) return name
  const view = yield* loadRun(run)
  const found = view.nodes.flatMap((node) =>
    node.digest === undefined ? [] : [{ name: node.name, digest: node.digest }]
  )
  const exact = found.find((node) => node.name === name)
  const byDigest = found.filter(({ digest }) => name.length >= 4 && digest.startsWith(name))
  const digest: Digest | undefined = exact?.digest ?? byDigest[0]?.digest
  return (
    digest ??
    (yield* new NoSuchArtifact({
      name,
      run: view.id,
      pipeline: view.pipeline,
      status: view.status,
      known: found.map((node) => node.name)
    }))
  )
})

const verifyCommand = Command.make(
  "verify",
  {
    repair: Flag.Boolean("repair").pipe(
      Flag.withDescription("take what is damaged out of the way, so that the next run computes it again"),
      Flag.withDefault(false)
    ),
    ...shared
  },
  Effect.fn("artifacts.verify")(function* ({ repair, json, store }) {
    const progress = json ? () => {} : progressLine("verified")
    const found = yield* Effect.gen(function* () {
      const verified = yield* verify(repair, progress)
      const { layout } = yield* Blobs
      return { ...verified, damage: [...verified.damage, ...(yield* verifyRuns(layout, repair))] }
    }).pipe(Effect.provide(yield* services(store)))
    if (json) yield* printJson(found)
    else {
      const lines = found.damage.map(
        ({ path, problem, repaired = "damaged" }) => `${repaired}  ${harmless(path)}: ${harmless(problem)}\n`
      )
      const summary = `${plural(found.blobs, "blob")} (${bytes(found.bytes)}) and ${plural(found.actions, "action record")} verified, ${count(found.damage.length)} damaged\n`
      yield* printResult(`${lines.join("")}${summary}`)
    }
    if (found.damage.length > 0)
      return yield* new StoreDamaged({ count: found.damage.length, repaired: repair })
  })
).pipe(
  Command.withDescription("Hash every byte in the store and compare it with its name"),
  Command.withExamples([
    { command: "pipeline artifacts verify --repair", description: "and remove what is damaged" }
  ])
)

/** One line on a terminal that counts; nothing in a pipe. */
const progressLine = (word: string) => {
  if (process.stderr.isTTY !== true) return () => {}
  let last = 0
  return (done: number, total: number): void => {
    const now = timing.now()
    if (now - last < 100 && done < total) return
    last = now
    Effect.runSync(printNote(`\r${word} ${count(done)} of ${count(total)}${done === total ? "\n" : ""}`))
  }
}

const gc = Command.make(
  "gc",
  {
    keepRuns: Flag.Int("keep-runs").pipe(
      Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
      Flag.withDescription("newest runs of each pipeline that stay, with their artifacts"),
      Flag.withDefault(10)
    ),
    maxSize: byteCountFlag("max-size").pipe(
      Flag.withDescription(
        "bytes that artifacts and checkpoints may take, such as 2GB: what was used longest ago goes, unless a pinned or a live run has it"
      ),
      Flag.optional
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withAlias("n"),
      Flag.withDescription("only say what would be removed"),
      Flag.withDefault(false)
    ),
    ...shared
  },
  Effect.fn("artifacts.gc")(function* ({ keepRuns, maxSize, dryRun, json, store }) {
    const limit = Option.getOrUndefined(maxSize)
    const result = yield* collectGarbage({ keepRuns, maxBytes: limit, dryRun, now: timing.now() }).pipe(
      Effect.provide(yield* services(store, true))
    )
    if (json) return yield* printJson({ ...result, dryRun })
    const verb = dryRun ? "would remove" : "removed"
    const optional = [
      ["checkpoint", result.checkpoints],
      ["run", result.runs],
      ["remembered file", result.memories]
    ] as const
    const more = optional.flatMap(([what, many]) => (many === 0 ? [] : [`, ${plural(many, what)}`])).join("")
    yield* printResult(
      `${verb} ${plural(result.actions, "action record")} and ${plural(result.blobs, "blob")}${more}, ${bytes(result.freed)}; ` +
        `kept ${plural(result.keptActions, "record")} and ${plural(result.keptBlobs, "blob")} for ${plural(result.keptRuns.length, "run")}\n`
    )
    if (result.unsentRuns > 0)
      yield* printNote(
        `kept ${plural(result.unsentRuns, "run")} that the tracking server does not have whole: pipeline track sync\n`
      )
    if (limit !== undefined && result.bytes !== undefined && result.bytes > limit)
      yield* printNote(
        `pinned, live and unsent runs need ${bytes(result.bytes)}, more than the ${bytes(limit)} of --max-size: unpin some, or allow more\n`
      )
  })
).pipe(
  Command.withDescription(
    "Remove what no kept run needs: artifacts, checkpoints, old runs, and what was remembered"
  ),
  Command.withExamples([
    {
      command: "pipeline artifacts gc --keep-runs 3 --dry-run",
      description: "what keeping three runs would free"
    },
    { command: "pipeline artifacts gc --max-size 2GB", description: "what was used longest ago goes first" }
  ])
)

const pinning = (name: "pin" | "unpin", description: string) =>
  Command.make(
    name,
    { run: flags.run, ...shared },
    Effect.fn(`artifacts.${name}`)(function* ({ run, json, store }) {
      const id = yield* Effect.gen(function* () {
        const runs = yield* RunStore
        const found = yield* runs.find(run)
        yield* runs.setPinned(found, name === "pin")
        return found
      }).pipe(Effect.provide(yield* services(store)))
      yield* json ? printJson({ run: id, pinned: name === "pin" }) : printResult(`${name}ned ${id}\n`)
    })
  ).pipe(
    Command.withDescription(description),
    Command.withExamples([{ command: `pipeline artifacts ${name} last`, description }])
  )

export const artifacts = Command.make("artifacts").pipe(
  Command.withDescription("Look into the store, export from it, check it, clean it"),
  Command.withExamples([{ command: "pipeline artifacts ls", description: "what the newest run has" }]),
  Command.withSubcommands([
    ls,
    exportCommand,
    verifyCommand,
    gc,
    pinning("pin", "Keep a run's artifacts whatever is collected"),
    pinning("unpin", "Let a run's artifacts be collected again")
  ])
)
