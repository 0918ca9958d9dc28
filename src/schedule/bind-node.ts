/** Binds a node to what is known when it is about to run: the parts of its key, and why it would miss. */
import { Effect } from "effect"
import type { Digest } from "../artifact/digest.ts"
import { type DeclaredFiles, environmentOf, inputDigests } from "../plan/bound.ts"
import type { ElaboratedNode, ElaboratedStage, Elaboration } from "../plan/elaboration.ts"
import type { BoundParts } from "../plan/key.ts"
import { type LastRun, lastNode } from "../plan/last-run.ts"
import { why } from "../plan/why.ts"

export interface BoundNode {
  readonly stage: ElaboratedStage
  readonly parts: BoundParts
  /** Stamps of the declared files: an edit that was undone has the same content and another stamp. */
  readonly stamps: string
}

/** `undefined` while the digest of an input is not known. */
export const bindNode = Effect.fnUntraced(function* (
  elaboration: Elaboration,
  node: ElaboratedNode,
  digestOf: (node: string) => Digest | undefined,
  files: DeclaredFiles,
  environment: NodeJS.ProcessEnv
) {
  const stage = elaboration.stages[node.stage]
  const inputs = inputDigests(node, digestOf)
  if (stage === undefined || inputs === undefined) return undefined
  const parts: BoundParts = {
    fixed: node.fixed,
    inputs,
    environment: environmentOf(stage, environment),
    files: yield* files.digests(stage)
  }
  return { stage, parts, stamps: files.stamps(stage) } satisfies BoundNode
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
