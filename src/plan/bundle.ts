/**
 * Code as the cache sees it: one text per stage, with all that the stage reaches and nothing else.
 *
 * Rolldown puts a stage's export and everything it imports from the project into one module, drops what is not used,
 * and prints the rest minified. Comments, types, formatting, file names and unrelated neighbours leave no trace in that text;
 * its hash is the stage's code in the cache key, and the very same text is what a worker runs.
 * Packages stay outside: they count by name and version.
 */
import { existsSync, realpathSync } from "node:fs"
import { builtinModules } from "node:module"
import { dirname, join, relative, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect, Schema } from "effect"
import type { OutputChunk, Plugin } from "rolldown"
import { digestOf } from "../artifact/digest.ts"
import { isProvided } from "../worker/provided-packages.ts"
import { markPure } from "./mark-pure.ts"
import { readSource, type SourceFile } from "./source-files.ts"
import { literal, walk } from "./syntax-tree.ts"

/** Part of every key: another bundler prints another text for the same code. */
export const bundlerVersion = "rolldown 1.3.2"

export interface Bundle {
  readonly code: string
  readonly map: string
  /** SHA-256 of `code`. */
  readonly hash: string
  /** Per module of the project, relative to its root, a hash of what is left of it; for explaining a change. */
  readonly modules: { readonly [path: string]: string }
  /** Versions of the packages it imports. */
  readonly packages: { readonly [name: string]: string }
  /** Where Node's own modules are imported, by specifier: `stages/load.ts:3`. */
  readonly builtins: { readonly [specifier: string]: ReadonlyArray<string> }
  /** Packages as they are imported (`fast-png`, `advpipe/stages/load-mnist`), and the directory each is imported from. */
  readonly imports: PackageImports
  /** Those of them that are only imported when the code comes to it. */
  readonly lazy: ReadonlySet<string>
  readonly files: ReadonlyArray<SourceFile>
  /** Links on the way to these files, and where they lead. */
  readonly links: ReadonlyArray<readonly [path: string, target: string]>
}

/** By specifier, the directory from which a package is to be resolved, and the one in which it was found. */
export type PackageImports = {
  readonly [specifier: string]: { readonly from: string; readonly within: string }
}

/** Code that cannot be put into one text: it does not parse, or imports what is not there. */
export class BundleFailed extends Schema.TaggedError<BundleFailed>()("BundleFailed", {
  entry: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.entry}: ${this.reason}`
  }
  get hint() {
    return "correct the code; an import names a file with its extension, or a package that is installed"
  }
}

const entryId = "\0pipeline:entry"

/**
 * Bundles the module whose source is `entry`.
 *
 * @param entry a module's text; it imports project files by absolute path
 * @param imports where to resolve the packages that the entry itself imports
 * @param what how errors call it
 */
export const bundle = (options: BundleOptions): Effect.Effect<Bundle, BundleFailed> =>
  Effect.tryPromise({
    try: async () => {
      const { rolldown } = await import("rolldown")
      const { parseAst } = await import("rolldown/parseAst")
      const seen: Seen = {
        parse: parseAst,
        links: new Map(),
        files: new Map(),
        packages: new Map(),
        builtins: new Map()
      }
      const build = await rolldown({
        input: entryId,
        cwd: options.root,
        platform: "node",
        tsconfig: false,
        logLevel: "silent",
        treeshake: { propertyReadSideEffects: false },
        // Packages are looked up through links, and the links are remembered.
        resolve: { symlinks: false },
        plugins: [sourcePlugin(options, seen)]
      })
      try {
        const { output } = await build.generate({
          format: "esm",
          minify: true,
          sourcemap: "hidden",
          sourcemapPathTransform: (source, map) => relative(options.root, resolve(dirname(map), source)),
          codeSplitting: false
        })
        return describe(output[0], seen, options.root)
      } finally {
        await build.close()
      }
    },
    catch: (cause) => new BundleFailed({ entry: options.what, reason: reasonOf(cause) })
  })

/** What Rolldown found, each with its picture of the place, without the names that only Rolldown knows. */
const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const errors: ReadonlyArray<unknown> =
    "errors" in cause && Array.isArray(cause.errors) ? cause.errors : [cause]
  return errors
    .map((error) => (error instanceof Error ? error.message : String(error)))
    .map((message) => message.replace(/^\[[A-Z_]+\] /, "").trim())
    .join("\n")
}

export interface BundleOptions {
  readonly entry: string
  readonly imports?: PackageImports
  readonly what: string
  readonly root: string
  readonly packageRoot: string
}

interface Seen {
  readonly parse: (text: string, options: { readonly lang: "js" | "jsx" | "ts" | "tsx" }) => object
  /** Links on the way to a module, and where they lead. */
  readonly links: Map<string, string>
  readonly files: Map<string, SourceFile>
  /** By the specifier under which they are imported. */
  readonly packages: Map<string, Package>
  /** The modules that import one of Node's, by specifier. */
  readonly builtins: Map<string, Set<string>>
}

const builtins = new Set(builtinModules)

const sourcePlugin = ({ entry, imports = {}, root, packageRoot }: BundleOptions, seen: Seen): Plugin => ({
  name: "pipeline-source",
  async resolveId(source, importer, { kind }) {
    if (source === entryId) return entryId
    const isImportOfPackage = !source.startsWith(".") && !source.startsWith("/")
    const isLazyOwn = kind === "dynamic-import" && importer !== undefined && isOwn(importer, packageRoot)
    // What this program loads when it is needed (engines) is its own business: no stage reaches it.
    if (isLazyOwn && !isImportOfPackage) return { id: source, external: true, moduleSideEffects: false }
    if (source.startsWith("node:") || builtins.has(source)) {
      if (importer !== undefined)
        seen.builtins.set(source, (seen.builtins.get(source) ?? new Set()).add(importer))
      return { id: source, external: true, moduleSideEffects: false }
    }
    const from = importerOf(source, importer, imports, packageRoot)
    const resolved = await this.resolve(source, from, { skipSelf: true })
    // An engine that is not installed.
    if (resolved === null && isLazyOwn) return { id: source, external: true, moduleSideEffects: false }
    if (resolved === null)
      throw new Error(`cannot find \`${source}\`, which ${relative(root, from ?? "")} imports`)
    const path = existsSync(resolved.id) ? realpathSync(resolved.id) : resolved.id
    if (path !== resolved.id) seen.links.set(resolved.id, path)
    // A linked package is a project of its own that is being worked on: its code counts, not its version.
    if (!isImportOfPackage || (!path.includes(`${sep}node_modules${sep}`) && !isProvided(source)))
      return { id: path }
    const found = packageOf(path)
    seen.packages.set(source, {
      ...found,
      importedFrom: dirname(from ?? path),
      directory: dirname(found.file.path)
    })
    // An unused import of a package that does nothing on its own is no reason to depend on its version. This program's own
    // modules import packages for what they export, whatever those packages say of themselves.
    const isForEffect =
      found.sideEffects && !isProvided(source) && !(from !== undefined && isOwn(from, packageRoot))
    return { id: source, external: true, moduleSideEffects: isForEffect }
  },
  load(id) {
    if (id === entryId) return entry
    const { source, bytes } = readSource(id)
    seen.files.set(id, source)
    return marked(bytes.toString("utf8"), id, seen)
  }
})

/** Whether a module is part of this program, as source or built; stages beside it are its users. */
const isOwn = (path: string, packageRoot: string): boolean =>
  ["src", "dist/lib/src"].some((place) => path.startsWith(`${join(packageRoot, place)}${sep}`))

/** A module's text with its makers marked. One that does not parse is left to the bundler, which says so better. */
const marked = (text: string, path: string, { parse }: Seen): string => {
  const ending = /\.[cm]?([jt]sx?)$/.exec(path)?.[1]
  if (ending !== "js" && ending !== "jsx" && ending !== "ts" && ending !== "tsx") return text
  try {
    return markPure(text, parse(text, { lang: ending }))
  } catch {
    return text
  }
}

/** The file on whose behalf a specifier is resolved. */
const importerOf = (
  source: string,
  importer: string | undefined,
  imports: PackageImports,
  packageRoot: string
): string | undefined => {
  // Every stage runs on this program's copy, so that is the version that counts.
  if (isProvided(source)) return join(packageRoot, "package.json")
  if (importer !== entryId) return importer
  const known = imports[source]
  return known === undefined ? undefined : join(known.from, "package.json")
}

interface Package {
  readonly name: string
  readonly version: string
  readonly sideEffects: boolean
  /** Its package.json. */
  readonly file: SourceFile
  /** The directory of a module that imports it, and its own. */
  readonly importedFrom: string
  readonly directory: string
}

const PackageJson = Schema.fromJsonString(
  Schema.Struct({
    name: Schema.optionalKey(Schema.String),
    version: Schema.optionalKey(Schema.String),
    sideEffects: Schema.optionalKey(Schema.Unknown)
  })
)
const decodePackage = Schema.decodeUnknownSync(PackageJson)

/** The package that a file belongs to: the nearest package.json above it that has a name and a version. */
const packageOf = (path: string): Omit<Package, "importedFrom" | "directory"> => {
  for (let directory = dirname(path); dirname(directory) !== directory; directory = dirname(directory)) {
    const file = join(directory, "package.json")
    if (!existsSync(file)) continue
    const { source, bytes } = readSource(file)
    const { name, version, sideEffects } = decodePackage(bytes.toString("utf8"))
    if (name === undefined || version === undefined) continue
    const pure = sideEffects === false || (Array.isArray(sideEffects) && sideEffects.length === 0)
    return { name, version, sideEffects: !pure, file: source }
  }
  throw new Error(`${path} belongs to no package`)
}

/** Versions of the packages that are left after everything unused has gone. */
const versionsOf = (specifiers: ReadonlyArray<string>, seen: Seen): { readonly [name: string]: string } => {
  const versions = new Map<string, string>()
  for (const specifier of specifiers) {
    const found = seen.packages.get(specifier)
    if (found === undefined) continue
    const known = versions.get(found.name)
    if (known !== undefined && known !== found.version) {
      throw new Error(
        `package ${found.name} is imported in two versions, ${known} and ${found.version}; install one of them`
      )
    }
    versions.set(found.name, found.version)
  }
  return Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Where the packages that are left are resolved from. Those that this program provides need no place. */
const importsFrom = (specifiers: ReadonlyArray<string>, seen: Seen): PackageImports =>
  Object.fromEntries(
    specifiers.flatMap((specifier) => {
      const found = seen.packages.get(specifier)
      return found === undefined || isProvided(specifier)
        ? []
        : [[specifier, { from: found.importedFrom, within: found.directory }]]
    })
  )

/**
 * What the finished text imports, at once or when it comes to it. The bundler's own list still names packages whose every
 * use was dropped.
 */
const importsOf = (code: string, { parse }: Seen) => {
  const eager = new Set<string>()
  const lazy = new Set<string>()
  walk(parse(code, { lang: "js" }), (node) => {
    const source = "source" in node ? literal(node["source"]) : undefined
    if (source !== undefined) (node.type === "ImportExpression" ? lazy : eager).add(source)
  })
  return {
    all: [...new Set([...eager, ...lazy])],
    lazy: new Set([...lazy].filter((name) => !eager.has(name)))
  }
}

const describe = (chunk: OutputChunk, seen: Seen, root: string): Bundle => {
  const { all, lazy } = importsOf(chunk.code, seen)
  const modules: Record<string, string> = {}
  for (const [id, { code }] of Object.entries(chunk.modules)) {
    // The first line names the file and would differ between two checkouts.
    if (code !== null && id !== entryId)
      modules[relative(root, id)] = digestOf(code.replace(/^\/\/.*\n/, "")).slice(0, 16)
  }
  return {
    code: chunk.code,
    map: chunk.map === null ? "" : withRoot(chunk.map.toString(), root),
    hash: digestOf(chunk.code),
    modules,
    packages: versionsOf(all, seen),
    builtins: placesOf(chunk, seen, root),
    imports: importsFrom(all, seen),
    lazy,
    links: [...seen.links],
    files: [...seen.files.values(), ...[...seen.packages.values()].map(({ file }) => file)]
  }
}

/** An import has no place in the source map, so its line is looked up, in modules of which something is left. */
const placesOf = (chunk: OutputChunk, seen: Seen, root: string): Bundle["builtins"] => {
  const places: Record<string, ReadonlyArray<string>> = {}
  for (const [specifier, importers] of seen.builtins) {
    if (!chunk.imports.includes(specifier)) continue
    const left = [...importers].filter(
      (path) => seen.files.has(path) && (chunk.modules[path]?.code ?? null) !== null
    )
    places[specifier] = left.map((path) => `${relative(root, path)}:${lineOf(path, specifier)}`)
  }
  return places
}

const lineOf = (path: string, specifier: string): number => {
  const lines = readSource(path).bytes.toString("utf8").split("\n")
  return 1 + lines.findIndex((line) => line.includes(`"${specifier}"`) || line.includes(`'${specifier}'`))
}

/** Sources in a map are named from the root on; a stack then shows where they are, wherever the bundle lies. */
const withRoot = (map: string, root: string): string =>
  JSON.stringify({ ...JSON.parse(map), sourceRoot: pathToFileURL(`${root}/`).href })
