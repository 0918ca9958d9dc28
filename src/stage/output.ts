/**
 * A promise of an artifact: what a node will produce, not the artifact itself.
 *
 * It carries the kind's name and nothing of its value, so that a pipeline can pass it on and do nothing else with it, and
 * so that a wrong connection is a compiler message of two lines.
 */
import type { Node } from "./node.ts"

export interface Output<out Name extends string> {
  readonly kind: Name
  readonly node: Node
}
