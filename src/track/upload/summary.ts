/** A run as a whole, told from its decisions alone, so that a million points of curves cost no memory. */
import { Effect, Option } from "effect"
import { inputsOf, type KnownArtifacts, type ProducedNode } from "../content/produced-node.ts"
import { decodeEvent } from "../journal-line.ts"
import { isChatter } from "../journal-tail.ts"
import type { PlanFile } from "../plan-file.ts"
import { RunStore } from "../run-store.ts"
import { RunFold } from "../run-view.ts"
import type { RunSummary } from "./send-content.ts"

const pieceBytes = 1 << 18

export const summarise = Effect.fnUntraced(function* (id: string, plan: PlanFile | undefined) {
  const runs = yield* RunStore
  const fold = new RunFold(plan?.nodes)
  const madeAt = new Map<string, number>()
  for (let from = 0; ; ) {
    const { lines, next } = yield* runs.piece(id, from, pieceBytes)
    for (const line of lines) {
      const event = isChatter(line) ? undefined : Option.getOrUndefined(decodeEvent(line))
      if (event === undefined) continue
      fold.add(event)
      if (event._tag === "NodeCached" || event._tag === "NodeFinished") madeAt.set(event.node, event.at)
    }
    if (next === from) break
    from = next
  }
  const view = fold.view()
  const known: KnownArtifacts = new Map(
    view.nodes.flatMap(({ name, kind, digest }) =>
      kind === undefined || digest === undefined ? [] : [[name, { kind, digest }] as const]
    )
  )
  const produced = (plan?.nodes ?? []).flatMap(
    ({ name, stage, kind, params, inputs }): Array<ProducedNode> => {
      const digest = known.get(name)?.digest
      const at = madeAt.get(name)
      if (digest === undefined || at === undefined) return []
      return [{ name, stage, kind, params, digest, at, inputs: inputsOf(inputs, known) }]
    }
  )
  return { plan, view, produced } satisfies RunSummary
})
