/** What pipelines pass around, when nobody vouches that it is what it should be. */
import type { InputSpec, Node, Wire } from "../stage/node.ts"

export interface AnyOutput {
  readonly kind: string
  readonly node: Node
}

export const isOutput = (value: unknown): value is AnyOutput =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  "node" in value &&
  typeof value.kind === "string"

/** The outputs of a wire with their place in it; a single one has the place "". */
export const outputsOf = (wire: Wire): ReadonlyArray<readonly [string, AnyOutput]> =>
  isOutput(wire) ? [["", wire]] : Object.entries(wire)

/** An input as people read it: `Dataset`, `list of Table`. */
export const specName = (spec: InputSpec): string =>
  "list" in spec
    ? `list of ${spec.list.name}`
    : "record" in spec
      ? `record of ${spec.record.name}`
      : spec.name
