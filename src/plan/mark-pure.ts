/**
 * Tells the bundler which top-level values may go when nobody uses them.
 *
 * `export const Params = Schema.Struct({…})` is a call, and for all a bundler knows it may do something. So it would stay in the
 * text of every stage that shares its module. The calls that make schemas, stages, services and errors do nothing but
 * make them; at the top level of a module, and only there, they are marked as such. What stands in a function is
 * never touched: there, a call whose result is not used is still made.
 */
import { type AstNode, identifier, isNode, literal, nodesOf } from "./syntax-tree.ts"

/** Names under which the makers are imported, from Effect or from this program. */
const makers = new Set([
  "Brand",
  "Config",
  "Context",
  "Data",
  "Duration",
  "Effect",
  "Kind",
  "Layer",
  "Option",
  "Pipeline",
  "Schedule",
  "Schema",
  "SchemaGetter",
  "SchemaTransformation",
  "Stage",
  "Struct"
])

/** @param program the syntax tree of `text` */
export const markPure = (text: string, program: object): string => {
  const imported = makerImports(program)
  const edits = statementsOf(program)
    .flatMap(valuesOf)
    .filter((value) => isMaking(value, imported) && !/\bawait\b/.test(text.slice(value.start, endOf(value))))
  let marked = text
  // From the end, so that the places before stay where they are. No line moves, so errors keep their lines.
  for (const value of edits.toSorted((a, b) => b.start - a.start)) {
    const [start, end] = [value.start, endOf(value)]
    marked = `${marked.slice(0, start)}/*#__PURE__*/ (() => (${marked.slice(start, end)}))()${marked.slice(end)}`
  }
  return marked
}

const endOf = (node: AstNode): number => (typeof node["end"] === "number" ? node["end"] : node.start)

/** Local names of makers, as this module imports them. */
const makerImports = (program: object): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const statement of statementsOf(program)) {
    if (statement.type !== "ImportDeclaration") continue
    const module = literal(statement["source"])?.split("/").at(-1) ?? ""
    for (const specifier of nodesOf(statement["specifiers"])) {
      const local = identifier(specifier["local"])
      const name = identifier(specifier["imported"]) ?? module
      if (local !== undefined && makers.has(name)) names.add(local)
    }
  }
  return names
}

const statementsOf = (program: object): ReadonlyArray<AstNode> =>
  "body" in program ? nodesOf(program.body) : []

/** The expressions that a top-level statement computes when its module is loaded. */
const valuesOf = (statement: AstNode): ReadonlyArray<AstNode> => {
  const { declaration } = statement
  if (statement.type === "ExportNamedDeclaration") return isNode(declaration) ? valuesOf(declaration) : []
  if (statement.type === "ExportDefaultDeclaration") {
    return isNode(declaration) ? [declaration, ...valuesOf(declaration)] : []
  }
  if (statement.type === "VariableDeclaration") {
    return nodesOf(statement["declarations"]).flatMap(({ init }) => (isNode(init) ? [init] : []))
  }
  return statement.type === "ClassDeclaration" ? classValues(statement) : []
}

/** What a class extends, and its static properties. */
const classValues = (node: AstNode): ReadonlyArray<AstNode> => {
  const members = isNode(node["body"]) ? nodesOf(node["body"]["body"]) : []
  const statics = members.filter(
    ({ type, static: isStatic }) => type === "PropertyDefinition" && isStatic === true
  )
  return [node["superClass"], ...statics.map(({ value }) => value)].filter(isNode)
}

/** Whether an expression is a chain of calls that begins at a maker: `Schema.String.check(…)`, but not `Effect.runSync(…)`. */
const isMaking = (value: AstNode, imported: ReadonlySet<string>): boolean => {
  if (value.type !== "CallExpression") return false
  let node: unknown = value
  let member: string | undefined
  for (;;) {
    const name = identifier(node)
    if (name !== undefined) return imported.has(name) && member?.startsWith("run") !== true
    if (!isNode(node)) return false
    if (node.type === "CallExpression") node = node["callee"]
    else if (node.type === "TSInstantiationExpression") node = node["expression"]
    else if (node.type === "MemberExpression") {
      member = identifier(node["property"])
      node = node["object"]
    } else return false
  }
}
