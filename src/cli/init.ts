/** `pipeline init`: a small project that runs, passes its tests, and is there to be changed. */
import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"

/** The directory cannot become a project. */
export class InitFailed extends Schema.TaggedError<InitFailed>()("InitFailed", {
  directory: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `cannot make a project in ${this.directory}: ${this.reason}`
  }
}

/** The tools of a new project, in the versions that this package is tested with. */
const Tools = Schema.Struct({
  "@types/node": Schema.String,
  typescript: Schema.String,
  vitest: Schema.String
})
const Versions = Schema.Record(Schema.String, Schema.String)
const Manifest = Schema.fromJsonString(
  Schema.Struct({ devDependencies: Tools, optionalDependencies: Versions })
)

/**
 * Fills a new or empty directory.
 *
 * @param packageRoot where this package lies, with its `templates/`
 * @param packageSpec what the project's package.json gives as this package's version; by default its place on disk
 * @returns the files, relative to `directory`
 */
export const initProject = Effect.fnUntraced(function* (options: {
  readonly directory: string
  readonly packageRoot: string
  readonly packageSpec?: string
}): Effect.fn.Return<
  ReadonlyArray<string>,
  InitFailed | PlatformError.PlatformError,
  FileSystem.FileSystem | Path.Path
> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.resolve(options.directory)
  yield* refuseUsed(directory)

  const templates = path.join(options.packageRoot, "templates", "project")
  const name = packageName(path.basename(directory))
  const files = new Map<string, string>()
  for (const entry of yield* fs.readDirectory(templates, { recursive: true })) {
    const source = path.join(templates, entry)
    if ((yield* fs.stat(source)).type !== "File") continue
    // npm leaves a file called .gitignore out of a package.
    const target = entry === "gitignore" ? ".gitignore" : entry
    files.set(target, (yield* fs.readFileString(source)).replaceAll("{{name}}", name))
  }
  const spec = options.packageSpec ?? `file:${yield* fs.realPath(options.packageRoot)}`
  files.set("package.json", yield* manifestOf(options.packageRoot, name, spec))

  const names = [...files.keys()].sort()
  for (const file of names) {
    const target = path.join(directory, file)
    yield* fs.makeDirectory(path.dirname(target), { recursive: true })
    yield* fs.writeFileString(target, files.get(file) ?? "")
  }
  return names
})

const refuseUsed = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(directory))) return
  if ((yield* fs.stat(directory)).type !== "Directory") {
    return yield* new InitFailed({ directory, reason: "it is a file", hint: "name a new directory" })
  }
  const [first] = yield* fs.readDirectory(directory)
  if (first === undefined) return
  return yield* new InitFailed({
    directory,
    reason: `it is not empty (it holds ${first})`,
    hint: "name a new directory, or an empty one"
  })
})

const manifestOf = Effect.fnUntraced(function* (packageRoot: string, name: string, spec: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = yield* fs.readFileString(path.join(packageRoot, "package.json"))
  // It is this package's own file: if it cannot be read, the package is broken.
  const { devDependencies, optionalDependencies } = yield* Effect.orDie(
    Schema.decodeUnknownEffect(Manifest)(text)
  )
  // The tools want a recent node as much as this package does, and npm runs them on the one among the dependencies.
  const nodes = Object.entries(optionalDependencies).filter(([dependency]) => dependency.startsWith("node-"))
  const manifest = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    scripts: { pipeline: "pipeline", test: "vitest run", check: "tsc -p ." },
    dependencies: { advpipe: spec },
    optionalDependencies: Object.fromEntries(nodes),
    devDependencies
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
})

/** A directory's name as npm allows it: lower case, and nothing that an address would have to escape. */
const packageName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "") || "experiments"
