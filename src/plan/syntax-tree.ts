/** Reading a syntax tree whose shape nobody vouches for. */

export interface AstNode {
  readonly type: string
  /** Where its text begins, in UTF-16 code units. */
  readonly start: number
  readonly [field: string]: unknown
}

export const isNode = (value: unknown): value is AstNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

export const nodesOf = (value: unknown): ReadonlyArray<AstNode> =>
  Array.isArray(value) ? value.filter(isNode) : []

export const identifier = (value: unknown): string | undefined =>
  isNode(value) && value.type === "Identifier" && typeof value["name"] === "string"
    ? value["name"]
    : undefined

/** A text that is written out. The minifier makes templates of texts: `import(\`vega\`)`. */
export const literal = (value: unknown): string | undefined => {
  if (!isNode(value)) return undefined
  if (value.type === "Literal") return typeof value["value"] === "string" ? value["value"] : undefined
  const [only, ...others] = value.type === "TemplateLiteral" ? nodesOf(value["quasis"]) : []
  if (only === undefined || others.length > 0) return undefined
  const text = only["value"]
  return typeof text === "object" && text !== null && "cooked" in text && typeof text.cooked === "string"
    ? text.cooked
    : undefined
}

/** Visits a node and everything below it, each with the node above. */
export const walk = (
  root: unknown,
  visit: (node: AstNode, parent: AstNode | undefined) => void,
  parent?: AstNode
): void => {
  if (!isNode(root)) return
  visit(root, parent)
  for (const value of Object.values(root)) {
    for (const child of Array.isArray(value) ? value : [value]) walk(child, visit, root)
  }
}
