/**
 * Runs a plan: every node is found in the store or computed, followers as soon as what they need is there.
 *
 * One loop owns all state. It looks at nodes that are ready, gives tasks to workers while resources last, and waits for the
 * next task to end. Nodes that are cached never leave the loop, so ten thousand of them cost ten thousand looks.
 */
import { Clock, Effect, Exit, Queue } from "effect"
import type { Provenance } from "../artifact/action.ts"
import type { Digest } from "../artifact/digest.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import { DeclaredFiles } from "../plan/bound.ts"
import type { ElaboratedNode, Elaboration } from "../plan/elaboration.ts"
import type { BoundParts } from "../plan/key.ts"
import { readLastRun } from "../plan/last-run.ts"
import { dependenciesOf } from "../plan/order.ts"
import type { Project } from "../plan/project.ts"
import type { Event, Status } from "../track/event.ts"
import { RunStore } from "../track/run-store.ts"
import { bindNode, missReason } from "./bind-node.ts"
import { holdRunLease } from "./live-run.ts"
import { type RunContext, runTask, type Task, type TaskOutcome } from "./node-run.ts"
import { type Hit, makeProber } from "./probe.ts"
import { type Amounts, demandOf, makeResources } from "./resources.ts"
import { makeRunLog } from "./run-log.ts"
import { makeRunMemory, type RunMemory } from "./run-memory.ts"

export interface RunOptions {
  readonly id: string
  readonly project: Project
  readonly layout: StoreLayout
  readonly elaboration: Elaboration
  /** The nodes to be concerned with, in topological order, closed under dependencies. */
  readonly nodes: ReadonlyArray<ElaboratedNode>
  readonly force: ReadonlySet<string>
  readonly keepGoing: boolean
  readonly resources: Amounts
  readonly provenance: Provenance
  readonly data: RunContext["data"]
  readonly environment: NodeJS.ProcessEnv
  readonly watch: (event: Event) => void
}

/** Runs the plan to its end and returns how it ended. An interruption is told to the log before it goes on. */
export const runPlan = (options: RunOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { id, elaboration, layout } = options
      yield* holdRunLease(id)
      const runs = yield* RunStore
      const clock = yield* Clock.Clock
      const startedAt = clock.currentTimeMillisUnsafe()
      const journal = yield* runs.create(id, elaboration.plan)
      const log = makeRunLog(journal, `${layout.runs}/${id}`, options.watch)
      const last = yield* readLastRun(layout, elaboration.pipeline)
      const memory = makeRunMemory(elaboration, last)
      const context: RunContext = {
        id,
        layout,
        log,
        prober: yield* makeProber(last),
        files: new DeclaredFiles(options.project.root),
        provenance: options.provenance,
        data: options.data
      }
      log.add(startOf(options, startedAt))
      const schedule = makeSchedule(options, context, memory)
      return yield* Effect.scoped(schedule.loop).pipe(
        Effect.raceFirst(log.broken),
        Effect.onExit((exit) =>
          Effect.gen(function* () {
            yield* memory.save(layout)
            const status: Status = Exit.isSuccess(exit)
              ? exit.value
              : Exit.hasInterrupts(exit)
                ? "interrupted"
                : "failed"
            const at = clock.currentTimeMillisUnsafe()
            schedule.skipRest(status, at)
            log.add({ _tag: "RunFinished", at, status, seconds: (at - startedAt) / 1000 })
          })
        )
      )
    })
  )

const startOf = ({ id, elaboration, nodes, layout, provenance }: RunOptions, at: number): Event => ({
  _tag: "RunStarted",
  at,
  id,
  pipeline: elaboration.pipeline,
  preset: elaboration.preset,
  params: elaboration.params,
  nodes: nodes.length,
  store: layout.root,
  provenance
})

interface Ended {
  readonly task: Task
  /** `undefined` after a pause: time to look at the node again. */
  readonly outcome: TaskOutcome | undefined
}

const makeSchedule = (options: RunOptions, context: RunContext, memory: RunMemory) => {
  const { elaboration, nodes } = options
  const { log, prober } = context
  const resources = makeResources(options.resources)
  const digests = new Map<string, Digest>()
  const dropped = new Map<string, string>()
  const missing = new Map(nodes.map((node) => [node.name, dependenciesOf(node.inputs).length]))
  const followers = followersOf(nodes)
  let ready = nodes.filter((node) => missing.get(node.name) === 0)
  const tasks: Array<Task> = []
  const told = new Set<string>()
  const running = new Set<string>()
  let pausing = 0
  let failed: string | undefined

  const settle = (node: ElaboratedNode, bound: BoundParts, hit: Hit): void => {
    digests.set(node.name, hit.digest)
    memory.settle(node, bound, hit)
    for (const follower of followers.get(node.name) ?? []) {
      const rest = (missing.get(follower.name) ?? 0) - 1
      missing.set(follower.name, rest)
      if (rest === 0) ready.push(follower)
    }
  }

  const settleCached = (node: ElaboratedNode, bound: BoundParts, hit: Hit, at: number): void => {
    const { key, digest, seconds, metrics } = hit
    log.add({ _tag: "NodeCached", at, node: node.name, key, digest, seconds, metrics })
    settle(node, bound, hit)
  }

  /** A failed node takes everything that depends on it along. */
  const drop = (node: ElaboratedNode, because: string, at: number): void => {
    for (const follower of followers.get(node.name) ?? []) {
      if (dropped.has(follower.name)) continue
      dropped.set(follower.name, because)
      log.add({ _tag: "NodeSkipped", at, node: follower.name, because })
      drop(follower, because, at)
    }
  }

  /** Looks at every node whose inputs are known. Cached ones settle at once and may make others ready. */
  const lookAtReady = Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const release = log.hold()
    yield* Effect.gen(function* () {
      // Settling a node adds to the end of the list while it is walked.
      for (const node of ready) {
        const bound = yield* bindNode(
          elaboration,
          node,
          (name) => digests.get(name),
          context.files,
          options.environment
        )
        if (bound === undefined) continue
        const found = yield* prober.probe(node.name, bound.parts)
        const forced = options.force.has(node.name)
        if (found._tag === "Hit" && !forced) {
          settleCached(node, bound.parts, found, at)
          continue
        }
        const damage = found._tag === "Miss" ? found.damage : undefined
        tasks.push({
          node,
          stage: bound.stage,
          bound: bound.parts,
          key: found.key,
          reason: forced ? "forced" : (damage ?? missReason(bound, node, memory.last)),
          replace: forced || damage !== undefined,
          previous: memory.last.nodes[node.name]?.digest
        })
      }
      ready = []
    }).pipe(Effect.ensuring(Effect.sync(release)))
  })

  const launch = (ended: Queue.Queue<Ended>) =>
    Effect.gen(function* () {
      if (failed !== undefined && !options.keepGoing) return
      for (let index = 0; index < tasks.length && !resources.exhausted(); ) {
        const task = tasks[index]
        if (task === undefined || !resources.take(demandOf(task.stage.options, options.resources))) {
          index++
          continue
        }
        tasks.splice(index, 1)
        running.add(task.node.name)
        yield* runTask(context, task).pipe(
          Effect.flatMap((outcome) => Queue.offer(ended, { task, outcome })),
          Effect.forkScoped
        )
      }
    })

  const conclude = (ended: Queue.Queue<Ended>, { task, outcome }: Ended) =>
    Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      if (outcome === undefined) {
        pausing--
        // Whatever the other process made of it, the next look tells.
        ready.push(task.node)
        return
      }
      running.delete(task.node.name)
      resources.give(demandOf(task.stage.options, options.resources))
      if (outcome._tag === "Computed") settle(task.node, task.bound, outcome.hit)
      else if (outcome._tag === "Found") settleCached(task.node, task.bound, outcome.hit, at)
      else if (outcome._tag === "Failed") {
        failed ??= task.node.name
        dropped.set(task.node.name, "")
        drop(task.node, `\`${task.node.name}\` failed`, at)
      } else {
        pausing++
        if (!told.has(task.node.name)) {
          told.add(task.node.name)
          log.add({ _tag: "NodeWaiting", at, node: task.node.name, key: task.key, holder: outcome.holder })
        }
        yield* Queue.offer(ended, { task, outcome: undefined }).pipe(
          Effect.delay("200 millis"),
          Effect.forkScoped
        )
      }
    })

  const loop = Effect.gen(function* () {
    const ended = yield* Queue.unbounded<Ended>()
    for (;;) {
      yield* lookAtReady
      yield* launch(ended)
      if (running.size === 0 && pausing === 0) break
      yield* conclude(ended, yield* Queue.take(ended))
    }
    return failed === undefined ? ("done" as const) : ("failed" as const)
  })

  /** Says of every node that was not reached that it was not. */
  const skipRest = (status: Status, at: number): void => {
    const because =
      status === "interrupted" ? "the run was interrupted" : `\`${failed}\` failed and the run stopped`
    for (const { name } of nodes) {
      if (digests.has(name) || dropped.has(name) || running.has(name)) continue
      log.add({ _tag: "NodeSkipped", at, node: name, because })
    }
  }

  return { loop, skipRest }
}

const followersOf = (
  nodes: ReadonlyArray<ElaboratedNode>
): ReadonlyMap<string, ReadonlyArray<ElaboratedNode>> => {
  const followers = new Map<string, Array<ElaboratedNode>>()
  for (const node of nodes) {
    for (const name of dependenciesOf(node.inputs)) {
      const known = followers.get(name)
      if (known === undefined) followers.set(name, [node])
      else known.push(node)
    }
  }
  return followers
}
