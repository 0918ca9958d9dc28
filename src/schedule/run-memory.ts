/** Gathers what each node produced, for the next run to compare itself with. */
import { Effect } from "effect"
import type { Disk } from "../artifact/disk.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import type { ElaboratedNode, Elaboration } from "../plan/elaboration.ts"
import type { BoundParts } from "../plan/key.ts"
import { type LastNode, type LastRun, lastNode, type StageCode, writeLastRun } from "../plan/last-run.ts"
import type { Hit } from "./probe.ts"

export interface RunMemory {
  /** What the run before this one left. */
  readonly last: LastRun
  settle(node: ElaboratedNode, bound: BoundParts, hit: Hit): void
  /** Writes what was learned, if anything. That this fails is no failure of the run: it is only a memory. */
  save(layout: StoreLayout): Effect.Effect<void, never, Disk>
}

export const makeRunMemory = (elaboration: Elaboration, last: LastRun): RunMemory => {
  const nodes: Record<string, LastNode> = { ...last.nodes }
  let changed = false

  const settle: RunMemory["settle"] = (node, bound, hit) => {
    const before = lastNode(last, node.name)
    const stage = elaboration.stages[node.stage]
    // A hit that was recognised by its stamps carries the very list that was remembered.
    if (stage === undefined || (before?.key === hit.key && before.blobs === hit.blobs)) return
    changed = true
    const { key, digest, seconds, bytes, metrics, record, blobs } = hit
    nodes[node.name] = {
      ...bound,
      key,
      digest,
      stage: stage.name,
      code: stage.code,
      params: node.params,
      seconds,
      bytes,
      metrics,
      record,
      blobs
    }
  }

  /** This pipeline's nodes, and some that it has with other params: a grid must not grow the memory for ever. */
  const worthKeeping = (): LastRun["nodes"] => {
    const current = new Set(elaboration.nodes.map(({ name }) => name))
    const others = Object.keys(nodes).filter((name) => !current.has(name))
    const dropped = new Set(others.slice(0, Math.max(0, others.length - 100 - 3 * current.size)))
    return Object.fromEntries(Object.entries(nodes).filter(([name]) => !dropped.has(name)))
  }

  /** The code that the remembered nodes stand for, and no other. */
  const codeOf = (kept: LastRun["nodes"]): LastRun["code"] => {
    const known: Record<string, StageCode> = { ...last.code }
    for (const { code, modules, packages } of elaboration.stages) known[code] = { modules, packages }
    const used = new Set(Object.values(kept).map(({ code }) => code))
    return Object.fromEntries(Object.entries(known).filter(([hash]) => used.has(hash)))
  }

  const save: RunMemory["save"] = (layout) =>
    Effect.suspend(() => {
      if (!changed) return Effect.void
      const kept = worthKeeping()
      return Effect.ignore(writeLastRun(layout, elaboration.pipeline, { code: codeOf(kept), nodes: kept }))
    })

  return { last, settle, save }
}
