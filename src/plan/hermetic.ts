/**
 * Refuses code whose result could depend on something that is not in its key.
 *
 * The scan reads a stage's bundle, so it sees exactly what the stage reaches, and names the place in the source. What it
 * cannot see (a package that reads the clock) is outside its promise.
 */
import { SourceMap } from "node:module"
import { Effect, Schema } from "effect"
import type { Bundle } from "./bundle.ts"
import { type AstNode, identifier, isNode, literal, nodesOf, walk } from "./syntax-tree.ts"

const Use = Schema.Struct({ what: Schema.String, place: Schema.String, cure: Schema.String })

/** A stage uses something that its key does not cover. */
export class NotHermetic extends Schema.TaggedError<NotHermetic>()("NotHermetic", {
  stage: Schema.String,
  uses: Schema.Array(Use)
}) {
  override get message() {
    const lines = this.uses.map(({ what, place }) => `\n  ${place}: ${what}`).join("")
    return `stage \`${this.stage}\` uses what its cache key cannot cover:${lines}`
  }
  get hint() {
    return [...new Set(this.uses.map(({ cure }) => cure))].join("; ")
  }
}

const cures = {
  random: "draw numbers from a seeded generator, with the seed as a param",
  time: "a result must not depend on the time; `seconds` are recorded for every node anyway",
  environment: "declare the variable in `environment` and read it with Effect's `Config`",
  file: "declare the file in `files`, or make it the input of a loading stage",
  network: "load data in a stage of its own through `DataSource`, which checks digests",
  code: "import code by a literal path, so that it is part of the key",
  machine: "a result must not depend on the machine it was made on"
}

/** Globals by the expression that reaches for them. */
const forbidden: { readonly [expression: string]: keyof typeof cures } = {
  "Math.random": "random",
  "crypto.randomUUID": "random",
  "crypto.getRandomValues": "random",
  "Date.now": "time",
  "Date()": "time",
  "new Date()": "time",
  "performance.now": "time",
  "performance.timeOrigin": "time",
  "process.hrtime": "time",
  "process.uptime": "time",
  "process.env": "environment",
  "process.argv": "environment",
  "process.cwd": "machine",
  "process.pid": "machine",
  "process.platform": "machine",
  "process.arch": "machine",
  fetch: "network",
  require: "code",
  "import(…)": "code",
  "import.meta.url": "file",
  "import.meta.dirname": "file",
  "import.meta.filename": "file"
}

/** Node's modules that reach outside. `fs` is allowed to a stage that declares `files`. */
const forbiddenModules: { readonly [module: string]: keyof typeof cures } = {
  fs: "file",
  "fs/promises": "file",
  child_process: "code",
  worker_threads: "code",
  cluster: "code",
  vm: "code",
  net: "network",
  http: "network",
  https: "network",
  http2: "network",
  dgram: "network",
  dns: "network",
  tls: "network",
  os: "machine",
  perf_hooks: "time"
}

/** Effect's services that read the outside world without showing it in a type. */
const forbiddenMembers: { readonly [expression: string]: keyof typeof cures } = {
  "Clock.currentTimeMillis": "time",
  "Clock.currentTimeNanos": "time",
  "DateTime.now": "time",
  "DateTime.nowInCurrentZone": "time",
  "DateTime.nowUnsafe": "time"
}

/** Fails if the stage's code reaches for something outside its key. */
export const checkHermetic = Effect.fnUntraced(function* (stage: string, code: Bundle, readsFiles: boolean) {
  const { parseAst } = yield* Effect.promise(() => import("rolldown/parseAst"))
  const program = parseAst(code.code)
  const found: Array<readonly [what: string, kind: keyof typeof cures, node: AstNode]> = []
  const imported = effectImports(program)
  walk(program, (node, parent) => {
    const hit = offence(node, parent, imported, readsFiles)
    if (hit === undefined) return
    found.push([hit[0], hit[1], node])
  })
  if (found.length === 0) return
  const place = placeOf(code)
  return yield* new NotHermetic({
    stage,
    uses: found.map(([what, kind, node]) => {
      const importers =
        node.type === "ImportDeclaration" ? code.builtins[literal(node["source"]) ?? ""] : undefined
      return { what, place: importers?.join(", ") ?? place(node.start), cure: cures[kind] }
    })
  })
})

/** Local names of what is imported from Effect, such as `Clock` under whatever name the minifier gave it. */
const effectImports = (program: object): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  for (const statement of "body" in program ? nodesOf(program.body) : []) {
    const isImport = statement.type === "ImportDeclaration"
    if (!isImport || literal(statement["source"])?.startsWith("effect") !== true) continue
    for (const specifier of nodesOf(statement["specifiers"])) {
      const local = identifier(specifier["local"])
      // `import * as Clock from "effect/Clock"` is the same as `import { Clock } from "effect"`.
      const imported = identifier(specifier["imported"]) ?? literal(statement["source"])?.split("/").at(-1)
      if (local !== undefined && imported !== undefined) names.set(local, imported)
    }
  }
  return names
}

/** What a node reaches for that it must not, if anything. */
const offence = (
  node: AstNode,
  parent: AstNode | undefined,
  imported: ReadonlyMap<string, string>,
  readsFiles: boolean
): readonly [string, keyof typeof cures] | undefined => {
  const expression = expressionOf(node, parent, imported)
  if (expression === undefined) return undefined
  if (node.type === "ImportDeclaration") {
    const kind = forbiddenModules[expression]
    return kind === undefined || (kind === "file" && readsFiles)
      ? undefined
      : [`module \`node:${expression}\``, kind]
  }
  const kind = forbidden[expression] ?? forbiddenMembers[expression]
  return kind === undefined ? undefined : [`\`${expression}\``, kind]
}

/** A node written as the tables above write it. The minifier renames every local, so a bare `Date` is the global one. */
const expressionOf = (
  node: AstNode,
  parent: AstNode | undefined,
  imported: ReadonlyMap<string, string>
): string | undefined => {
  switch (node.type) {
    case "ImportDeclaration":
      return literal(node["source"])?.replace(/^node:/, "")
    case "ImportExpression":
      return literal(node["source"]) === undefined ? "import(…)" : undefined
    case "MemberExpression": {
      if (isNode(node["object"]) && node["object"].type === "MetaProperty") {
        return `import.meta.${identifier(node["property"])}`
      }
      const object = identifier(node["object"])
      const property = identifier(node["property"]) ?? literal(node["property"])
      return object === undefined || property === undefined
        ? undefined
        : `${imported.get(object) ?? object}.${property}`
    }
    case "NewExpression":
      return nodesOf(node["arguments"]).length === 0 ? `new ${identifier(node["callee"])}()` : undefined
    case "CallExpression": {
      const callee = identifier(node["callee"])
      return callee === "Date" ? "Date()" : callee
    }
    case "Identifier":
      // `const f = fetch` or `const { random } = Math` hide a use from the cases above.
      return parent !== undefined && isValue(node, parent) ? aliasOf(identifier(node), parent) : undefined
    default:
      return undefined
  }
}

/** Whether an identifier stands for a value here, rather than naming a property or being called. */
const isValue = (node: AstNode, parent: AstNode): boolean =>
  (parent.type === "VariableDeclarator" && parent["init"] === node) ||
  (parent.type === "AssignmentExpression" && parent["right"] === node) ||
  (parent.type === "CallExpression" && nodesOf(parent["arguments"]).includes(node)) ||
  (parent.type === "Property" && parent["value"] === node && parent["key"] !== node)

const aliasOf = (name: string | undefined, parent: AstNode): string | undefined => {
  if (name === "fetch" || name === "require") return name
  if (parent.type !== "VariableDeclarator" || !isNode(parent["id"]) || parent["id"].type !== "ObjectPattern")
    return undefined
  const properties = nodesOf(parent["id"]["properties"]).map((property) => identifier(property["key"]))
  return properties
    .map((property) => `${name}.${property}`)
    .find((expression) => forbidden[expression] !== undefined)
}

/** Translates a position in the bundle to a place in the source. */
const placeOf = (code: Bundle): ((at: number) => string) => {
  const map = code.map === "" ? undefined : new SourceMap(JSON.parse(code.map))
  return (at) => {
    const before = code.code.slice(0, at)
    const line = before.split("\n").length - 1
    const column = at - (before.lastIndexOf("\n") + 1)
    const entry = map?.findEntry(line, column)
    return entry === undefined || !("originalSource" in entry) || entry.originalSource === undefined
      ? `bundle:${line + 1}:${column + 1}`
      : `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  }
}
