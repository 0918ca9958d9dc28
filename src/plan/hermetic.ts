/**
 * Refuses code whose result could depend on something that is not in its key.
 *
 * The scan reads a stage's bundle, so it sees exactly what the stage reaches, and names the place in the source. What it
 * cannot see (a package that reads the clock) is outside its promise.
 */
import { isBuiltin, SourceMap } from "node:module"
import { Effect, Schema } from "effect"
import { isProvided } from "../worker/provided-packages.ts"
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
    // A pipeline is looked at together with all that it reaches.
    const user = this.stage.includes("/") ? `${this.stage} or a stage of it` : `stage \`${this.stage}\``
    return `${user} uses what its cache key cannot cover:${lines}`
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
  "crypto.randomBytes": "random",
  "crypto.randomFill": "random",
  "crypto.randomFillSync": "random",
  "crypto.randomInt": "random",
  "crypto.webcrypto": "random",
  "crypto as a value": "random",
  "Math as a value": "random",
  "Date as a value": "time",
  "performance as a value": "time",
  "process as a value": "environment",
  "globalThis as a value": "environment",
  "global as a value": "environment",
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
  "process.getBuiltinModule": "code",
  "new Intl.DateTimeFormat()": "time",
  "tfjs-core.dropout": "random",
  "tfjs-core.multinomial": "random",
  "tfjs-core.rand": "random",
  "tfjs-core.randomGamma": "random",
  "tfjs-core.randomNormal": "random",
  "tfjs-core.randomStandardNormal": "random",
  "tfjs-core.randomUniform": "random",
  "tfjs-core.randomUniformInt": "random",
  "tfjs-core.truncatedNormal": "random",
  WebSocket: "network",
  "new WebSocket()": "network",
  fetch: "network",
  require: "code",
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
  inspector: "code",
  module: "code",
  os: "machine",
  readline: "environment",
  repl: "code",
  sqlite: "file",
  v8: "machine",
  perf_hooks: "time"
}

/** Effect's services that read the outside world without showing it in a type. */
const forbiddenMembers: { readonly [expression: string]: keyof typeof cures } = {
  "Clock.currentTimeMillis": "time",
  "Clock.currentTimeNanos": "time",
  "DateTime.now": "time",
  "DateTime.nowInCurrentZone": "time",
  "DateTime.nowUnsafe": "time",
  "Clock.clockWith": "time",
  "Effect.clock": "time",
  "Effect.clockWith": "time",
  "Effect.timed": "time"
}

/** Fails if the stage's code reaches for something outside its key. */
export const checkHermetic = Effect.fnUntraced(function* (stage: string, code: Bundle, readsFiles: boolean) {
  const { parseAst } = yield* Effect.promise(() => import("rolldown/parseAst"))
  const program = parseAst(code.code)
  const found: Array<readonly [what: string, kind: keyof typeof cures, node: AstNode]> = []
  const imported = importedNames(program)
  walk(program, (node, parent) => {
    const hit = offence(node, parent, imported, code, readsFiles)
    if (hit === undefined) return
    found.push([hit[0], hit[1], node])
  })
  if (found.length === 0) return
  const place = placeOf(code)
  // `Math.random()` is met twice: as the member of a value, and as the value.
  const uses = new Map<string, typeof Use.Type>()
  for (const [what, kind, node] of found) {
    const importers =
      node.type === "ImportDeclaration" ? code.builtins[literal(node["source"]) ?? ""] : undefined
    const use = { what, place: importers?.join(", ") ?? place(node.start), cure: cures[kind] }
    uses.set(`${use.place} ${what}`, use)
  }
  return yield* new NotHermetic({ stage, uses: [...uses.values()] })
})

/** What local names stand for: `Clock`, `process`, `process.env`, under whatever name the minifier gave them. */
const importedNames = (program: object): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  for (const statement of "body" in program ? nodesOf(program.body) : []) {
    if (statement.type !== "ImportDeclaration") continue
    const module = (literal(statement["source"]) ?? "").replace(/^node:/, "")
    const isWhole = ["process", "crypto", "@tensorflow/tfjs-core"].includes(module)
    if (!isWhole && !/^effect(\/|$)/.test(module)) continue
    for (const specifier of nodesOf(statement["specifiers"])) {
      const local = identifier(specifier["local"])
      // `import * as Clock from "effect/Clock"` is the same as `import { Clock } from "effect"`.
      const name = identifier(specifier["imported"])
      const whole = module.split("/").at(-1) ?? ""
      const full = name === undefined || name === "default" ? whole : isWhole ? `${whole}.${name}` : name
      if (local !== undefined) names.set(local, full)
    }
  }
  return names
}

/** What a node reaches for that it must not, if anything. */
const offence = (
  node: AstNode,
  parent: AstNode | undefined,
  imported: ReadonlyMap<string, string>,
  { imports }: Bundle,
  readsFiles: boolean
): readonly [string, keyof typeof cures] | undefined => {
  if (node.type === "ImportDeclaration" || node.type === "ImportExpression") {
    const specifier = literal(node["source"]) ?? ""
    const module = specifier.replace(/^node:/, "")
    const kind = kindOf(forbiddenModules, module)
    if (kind !== undefined)
      return kind === "file" && readsFiles ? undefined : [`module \`node:${module}\``, kind]
    // Where the bundler found nothing to follow, a path was put together, be it by the minifier.
    const isFollowed = isBuiltin(module) || isProvided(specifier) || Object.hasOwn(imports, specifier)
    return node.type === "ImportDeclaration" || isFollowed ? undefined : ["`import(…)`", "code"]
  }
  const expression = expressionOf(node, parent, imported)
  if (expression === undefined) return undefined
  const kind = kindOf(forbidden, expression) ?? kindOf(forbiddenMembers, expression)
  return kind === undefined ? undefined : [`\`${expression}\``, kind]
}

const kindOf = (table: { readonly [name: string]: keyof typeof cures }, name: string) =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** `a.b.c` for such a chain, with imports by their names, and without a leading `globalThis`. */
const dotted = (node: unknown, imported: ReadonlyMap<string, string>): string | undefined => {
  const name = identifier(node)
  if (name !== undefined) return imported.get(name) ?? name
  if (!isNode(node)) return undefined
  if (node.type === "MetaProperty") return "import.meta"
  if (node.type !== "MemberExpression") return undefined
  const object = dotted(node["object"], imported)
  const property = identifier(node["property"]) ?? literal(node["property"])
  if (object === undefined || property === undefined) return undefined
  return object === "globalThis" || object === "global" ? property : `${object}.${property}`
}

/** A node written as the tables above write it. The minifier renames every local, so a bare `Date` is the global one. */
const expressionOf = (
  node: AstNode,
  parent: AstNode | undefined,
  imported: ReadonlyMap<string, string>
): string | undefined => {
  switch (node.type) {
    case "MemberExpression":
      return dotted(node, imported)
    case "NewExpression": {
      const callee = dotted(node["callee"], imported)
      return callee === "WebSocket" || nodesOf(node["arguments"]).length === 0 ? `new ${callee}()` : undefined
    }
    case "CallExpression": {
      const callee = dotted(node["callee"], imported)
      return callee === "Date" ? "Date()" : callee
    }
    case "Identifier":
      return parent === undefined ? undefined : hiddenUse(node, parent, imported)
    default:
      return undefined
  }
}

/** Globals that are not to be handed around, because nobody could see what becomes of them. */
const notAsValues = new Set(["Date", "Math", "performance", "process", "crypto", "globalThis", "global"])

/** A use that hides from the cases above: `const f = fetch`, `const { random } = Math`, `g(Date)`. */
const hiddenUse = (
  node: AstNode,
  parent: AstNode,
  imported: ReadonlyMap<string, string>
): string | undefined => {
  const name = dotted(node, imported)
  if (name === undefined || !isValue(node, parent)) return undefined
  const properties =
    parent.type === "VariableDeclarator" && isNode(parent["id"]) && parent["id"].type === "ObjectPattern"
      ? nodesOf(parent["id"]["properties"]).map((property) => `${name}.${identifier(property["key"])}`)
      : []
  const taken = properties.find((expression) => kindOf(forbidden, expression) !== undefined)
  return taken ?? (properties.length === 0 && notAsValues.has(name) ? `${name} as a value` : name)
}

/** Whether an identifier stands for a value here, rather than naming a property or being called. */
const isValue = (node: AstNode, parent: AstNode): boolean =>
  (parent.type === "VariableDeclarator" && parent["init"] === node) ||
  (parent.type === "AssignmentExpression" && parent["right"] === node) ||
  (parent.type === "ReturnStatement" && parent["argument"] === node) ||
  (parent.type === "ArrowFunctionExpression" && parent["body"] === node) ||
  (parent.type === "CallExpression" && nodesOf(parent["arguments"]).includes(node)) ||
  (parent.type === "ArrayExpression" && nodesOf(parent["elements"]).includes(node)) ||
  (parent.type === "Property" && parent["value"] === node && parent["key"] !== node)

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
