/** Why a node was not started, from an event's `because`. */
import { harmless } from "./text.ts"

/** A sentence stays one; the name of the node that failed becomes one. */
export const becauseText = (because: string): string =>
  /\s/.test(because) ? harmless(because) : `needs \`${harmless(because)}\``
