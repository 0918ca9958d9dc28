/** Binds a node to what is known when it is about to run: the parts of its key, and why it would miss. */
import { Effect } from "effect"
import type { Digest } from "../artifact/digest.ts"
import { type DeclaredFiles, environmentOf, inputDigests } from "../plan/bound.ts"
import type { ElaboratedNode, ElaboratedStage, Elaboration } from "../plan/elaboration.ts"
import type { BoundParts, EngineIdentity } from "../plan/key.ts"
import { type LastRun, lastNode } from "../plan/last-run.ts"
import { mayUseEngine } from "../plan/uses-engine.ts"
import { why } from "../plan/why.ts"

export interface BoundNode {
  readonly stage: ElaboratedStage
  readonly parts: BoundParts
  /** Stamps of the declared files: an edit that was undone has the same content and another stamp. */
  readonly stamps: string
}

/**
 * `undefined` while the digest of an input is not known.
 *
 * @param engine counts in the keys of the stages that may use it; `undefined` where it is not to count
 */
export const bindNode = Effect.fnUntraced(function* (
  elaboration: Elaboration,
  node: ElaboratedNode,
  digestOf: (node: string) => Digest | undefined,
  files: DeclaredFiles,
  environment: NodeJS.ProcessEnv,
  engine: EngineIdentity | undefined
) {
  const stage = elaboration.stages[node.stage]
  const inputs = inputDigests(node, digestOf)
  if (stage === undefined || inputs === undefined) return undefined
  const parts: BoundParts = {
    fixed: node.fixed,
    inputs,
    environment: environmentOf(stage, environment),
    files: yield* files.digests({ stage, params: node.params }),
    ...(engine !== undefined && mayUseEngine(stage) ? { engine } : {})
  }
  return { stage, parts, stamps: files.stamps({ stage, params: node.params }) } satisfies BoundNode
})

/** Why a node whose key is not in the store runs. */
export const missReason = (
  { stage, parts }: Pick<BoundNode, "stage" | "parts">,
  node: ElaboratedNode,
  last: LastRun
): string => {
  const before = lastNode(last, node.name)
  const code = before === undefined ? undefined : last.code[before.code]
  return (
    why({ ...parts, stage, params: node.params }, before, code) ?? "its action record is gone from the store"
  )
}
