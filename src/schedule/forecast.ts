/** What a run would do, told without doing it. */
import { Effect } from "effect"
import type { Digest } from "../artifact/digest.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import { DeclaredFiles, environmentOf } from "../plan/bound.ts"
import type { ElaboratedNode, Elaboration } from "../plan/elaboration.ts"
import type { EngineIdentity } from "../plan/key.ts"
import { type LastRun, lastNode, readLastRun } from "../plan/last-run.ts"
import { dependenciesOf } from "../plan/order.ts"
import { mayUseEngine } from "../plan/uses-engine.ts"
import { why } from "../plan/why.ts"
import { bindNode, missReason } from "./bind-node.ts"
import { makeProber } from "./probe.ts"

export interface Decision {
  readonly node: string
  readonly stage: string
  /** `maybe`: it depends on a node that will run, and stays cached if that node makes the same bytes again. */
  readonly decision: "cached" | "run" | "maybe"
  /** Why it runs or may run; the empty text for a cached node. */
  readonly reason: string
  readonly key: Digest | null
  readonly digest: Digest | null
  /** What computing it took last time, where that is known. */
  readonly seconds: number | null
}

/** Decides about every node in scope, in order. */
export const forecast = Effect.fnUntraced(function* (options: {
  readonly elaboration: Elaboration
  readonly nodes: ReadonlyArray<ElaboratedNode>
  readonly layout: StoreLayout
  readonly root: string
  readonly force: ReadonlySet<string>
  readonly environment: NodeJS.ProcessEnv
  /** The engine, where it is to count in the keys. */
  readonly engine?: EngineIdentity | undefined
}) {
  const { elaboration, nodes, layout, environment, engine } = options
  const last = yield* readLastRun(layout, elaboration.pipeline)
  const prober = yield* makeProber(last)
  const files = new DeclaredFiles(options.root)
  const digests = new Map<string, Digest>()
  const decisions: Array<Decision> = []
  for (const node of nodes) {
    const bound = yield* bindNode(elaboration, node, (name) => digests.get(name), files, environment, engine)
    const stage = elaboration.stages[node.stage]
    if (stage === undefined) continue
    const told = { node: node.name, stage: stage.name, seconds: lastNode(last, node.name)?.seconds ?? null }
    if (bound === undefined) {
      const declared = yield* files.digests({ stage, params: node.params })
      decisions.push({
        ...told,
        ...undecided(elaboration, node, declared, digests, last, environment, engine),
        key: null,
        digest: null
      })
      continue
    }
    const found = yield* prober.probe(node.name, bound.parts)
    if (found._tag === "Hit" && !options.force.has(node.name)) {
      digests.set(node.name, found.digest)
      decisions.push({
        ...told,
        decision: "cached",
        reason: "",
        key: found.key,
        digest: found.digest,
        seconds: found.seconds
      })
      continue
    }
    const damage = found._tag === "Miss" ? found.damage : "forced"
    const reason = damage ?? missReason(bound, node, last)
    decisions.push({ ...told, decision: "run", reason, key: found.key, digest: null })
  }
  return decisions
})

/** A node below one that will run: it runs if anything but that input differs, else it may. */
const undecided = (
  elaboration: Elaboration,
  node: ElaboratedNode,
  files: { readonly [path: string]: string },
  digests: ReadonlyMap<string, Digest>,
  last: LastRun,
  environment: NodeJS.ProcessEnv,
  engine: EngineIdentity | undefined
): Pick<Decision, "decision" | "reason"> => {
  const before = lastNode(last, node.name)
  const stage = elaboration.stages[node.stage]
  const upstream = dependenciesOf(node.inputs).filter((name) => !digests.has(name))
  const maybe = {
    decision: "maybe",
    reason: `depends on ${upstream.map((name) => `\`${name}\``).join(", ")}`
  } as const
  if (stage === undefined) return maybe
  const inputs = before?.inputs ?? {}
  const now = {
    fixed: node.fixed,
    inputs,
    environment: environmentOf(stage, environment),
    files,
    ...(engine !== undefined && mayUseEngine(stage) ? { engine } : {}),
    stage,
    params: node.params
  }
  const reason = why(now, before, before === undefined ? undefined : last.code[before.code])
  return reason === undefined ? maybe : { decision: "run", reason }
}
