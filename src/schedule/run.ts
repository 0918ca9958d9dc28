/**
 * Runs a plan: every node is found in the store or computed, followers as soon as what they need is there.
 *
 * One loop owns all state. It looks at nodes that are ready, gives tasks to workers while resources last, and waits for the
 * next task to end. Nodes that are cached never leave the loop, so ten thousand of them cost ten thousand looks.
 */
import { Clock, Effect, Exit, Queue } from "effect"
import type { Provenance, Revision } from "../artifact/action.ts"
import type { Digest } from "../artifact/digest.ts"
import type { StoreLayout } from "../artifact/layout.ts"
import type { StoreFault } from "../artifact/store-error.ts"
import { type DeclaredFileMissing, DeclaredFiles } from "../plan/bound.ts"
import type { ElaboratedNode, Elaboration } from "../plan/elaboration.ts"
import type { BoundParts, EngineIdentity } from "../plan/key.ts"
import { type LastRun, lastNode, readLastRun } from "../plan/last-run.ts"
import { dependenciesOf } from "../plan/order.ts"
import type { Project } from "../plan/project.ts"
import { mayUseEngine } from "../plan/uses-engine.ts"
import type { Event, Status } from "../track/event.ts"
import { RunStore } from "../track/run-store.ts"
import { runToContinue } from "../track/taken-up.ts"
import type { WantedEngine } from "../worker/protocol.ts"
import { bindNode, missReason } from "./bind-node.ts"
import { identifyEngine } from "./identify-engine.ts"
import { holdRunLease, waitForCollection } from "./live-run.ts"
import { type RunContext, runTask, type Task, type TaskOutcome } from "./node-run.ts"
import { type Hit, makeProber } from "./probe.ts"
import { type Amounts, demandOf, makeResources } from "./resources.ts"
import { makeRunLog } from "./run-log.ts"
import { makeRunMemory, type RunMemory } from "./run-memory.ts"
import { SystemSamples, sampleSystem } from "./system-samples.ts"

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
  /** Finds out about the project's version control. Asked when the first stage starts, and waited for by nobody. */
  readonly revision?: Effect.Effect<Revision | undefined>
  readonly data: RunContext["data"]
  readonly environment: NodeJS.ProcessEnv
  readonly engine: {
    /** What stages compute with. */
    readonly choice: WantedEngine["choice"]
    /** The engine as it counts in keys; `undefined` where it is not to count. */
    readonly strict?: EngineIdentity | undefined
  }
  /** Is told what is remembered of the last run, before anything begins. */
  readonly remember?: (last: LastRun) => void
  readonly watch: (event: Event) => void
}

/** Runs the plan to its end and returns how it ended. An interruption is told to the log before it goes on. */
export const runPlan = (options: RunOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { id, elaboration, layout } = options
      yield* holdRunLease(id)
      const runs = yield* RunStore
      const continues = yield* runToContinue(elaboration)
      const clock = yield* Clock.Clock
      const startedAt = clock.currentTimeMillisUnsafe()
      const journal = yield* runs.create(id, elaboration.plan)
      yield* waitForCollection(id)
      const samples = new SystemSamples()
      const log = makeRunLog(journal, `${layout.runs}/${id}`, (event) => {
        samples.see(event)
        options.watch(event)
      })
      const last = yield* readLastRun(layout, elaboration.pipeline)
      options.remember?.(last)
      const memory = makeRunMemory(elaboration, last)
      const context: RunContext = {
        id,
        layout,
        log,
        prober: yield* makeProber(last),
        files: new DeclaredFiles(options.project.root),
        root: options.project.root,
        started: new Set(),
        provenance: options.provenance,
        revision: undefined,
        data: options.data,
        engine: options.engine.choice,
        resources: options.resources,
        announced: new Set()
      }
      log.add({ ...startOf(options, startedAt), ...(continues === undefined ? {} : { continues }) })
      const schedule = makeSchedule(options, context, memory, samples)
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

const startOf = ({ id, elaboration, nodes, layout, provenance }: RunOptions, at: number) => ({
  _tag: "RunStarted" as const,
  at,
  id,
  pipeline: elaboration.pipeline,
  preset: elaboration.preset,
  params: elaboration.params,
  nodes: nodes.length,
  store: layout.root,
  provenance,
  plan: elaboration.plan
})

interface Ended {
  readonly task: Task
  /** `undefined` after a pause: time to look at the node again. */
  readonly outcome: Exit.Exit<TaskOutcome> | undefined
}

const mostOvertaken = 8

const makeSchedule = (
  options: RunOptions,
  context: RunContext,
  memory: RunMemory,
  samples: SystemSamples
) => {
  const { elaboration, nodes } = options
  const { log, prober } = context
  const resources = makeResources(options.resources)
  const digests = new Map<string, Digest>()
  const dropped = new Set<string>()
  const missing = new Map(nodes.map((node) => [node.name, dependenciesOf(node.inputs).length]))
  const followers = followersOf(nodes)
  let ready = nodes.filter((node) => missing.get(node.name) === 0)
  const tasks: Array<Task> = []
  /** Whom each node was said to wait for. */
  const told = new Map<string, string>()
  const running = new Set<string>()
  let pausing = 0
  let failed: string | undefined
  let overtaken = 0

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
    const { key, digest, seconds, bytes, metrics } = hit
    log.add({ _tag: "NodeCached", at, node: node.name, key, digest, seconds, bytes, metrics })
    settle(node, bound, hit)
  }

  /** A failed node takes everything that depends on it along. */
  const drop = (node: ElaboratedNode, at: number): void => {
    failed ??= node.name
    const because = `\`${node.name}\` failed`
    dropped.add(node.name)
    const release = log.hold()
    const open = [node.name]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      for (const follower of followers.get(name) ?? []) {
        if (dropped.has(follower.name)) continue
        dropped.add(follower.name)
        log.add({ _tag: "NodeSkipped", at, node: follower.name, because })
        open.push(follower.name)
      }
    }
    release()
  }

  /** A node that fails before it is a task: a file that it declares is not there, or its record cannot be read. */
  const failBefore = (node: ElaboratedNode, error: StoreFault | DeclaredFileMissing, at: number): void => {
    const failure = { tag: error._tag, message: error.message, hint: error.hint }
    log.add({ _tag: "NodeFailed", at, node: node.name, failure, seconds: 0, retry: false })
    drop(node, at)
  }

  const lookAt = Effect.fnUntraced(function* (node: ElaboratedNode, at: number) {
    const digestOf = (name: string) => digests.get(name)
    const bound = yield* bindNode(
      elaboration,
      node,
      digestOf,
      context.files,
      options.environment,
      options.engine.strict
    )
    if (bound === undefined) return
    const found = yield* prober.probe(node.name, bound.parts)
    const forced = options.force.has(node.name)
    if (found._tag === "Hit" && !forced) return settleCached(node, bound.parts, found, at)
    const damage = found._tag === "Miss" ? found.damage : undefined
    tasks.push({
      node,
      stage: bound.stage,
      bound: bound.parts,
      stamps: bound.stamps,
      key: found.key,
      reason: forced ? "forced" : (damage ?? missReason(bound, node, memory.last)),
      replace: forced ? "always" : damage === undefined ? "never" : "if damaged",
      record: found._tag === "Hit" ? found.record : undefined,
      previous: lastNode(memory.last, node.name)?.digest
    })
  })

  /** Looks at every node whose inputs are known. Cached ones settle at once and may make others ready. */
  const lookAtReady = Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const release = log.hold()
    yield* Effect.gen(function* () {
      // Settling a node adds to the end of the list while it is walked.
      for (const node of ready) {
        yield* lookAt(node, at).pipe(Effect.catch((error) => Effect.sync(() => failBefore(node, error, at))))
      }
      ready = []
    }).pipe(Effect.ensuring(Effect.sync(release)))
  })

  /** Before the first stage runs: hours of work must not end at an engine that is not there. */
  const checkEngine = Effect.suspend(() => {
    const { choice } = options.engine
    const isWanted = nodes.some((node) => {
      const stage = elaboration.stages[node.stage]
      return !digests.has(node.name) && stage !== undefined && mayUseEngine(stage)
    })
    return choice === "auto" || !isWanted ? Effect.void : Effect.asVoid(identifyEngine(choice))
  })

  /** What only concerns runs in which something runs. */
  const begin = Effect.gen(function* () {
    yield* checkEngine
    yield* Effect.forkScoped(sampleSystem(samples, log))
    yield* Effect.forkScoped(
      Effect.gen(function* () {
        context.revision = yield* options.revision ?? Effect.undefined
        if (context.revision === undefined) return
        log.add({ _tag: "Revision", at: yield* Clock.currentTimeMillis, ...context.revision })
      })
    )
  })

  const launch = (ended: Queue.Queue<Ended>) =>
    Effect.gen(function* () {
      if (failed !== undefined && !options.keepGoing) return
      for (let index = 0; index < tasks.length && !resources.exhausted(); ) {
        const task = tasks[index]
        if (task === undefined || !resources.take(demandOf(task.stage.options, options.resources))) {
          // A stage that asks for much is overtaken a few times and then waited for.
          if (index === 0 && overtaken >= mostOvertaken) return
          index++
          continue
        }
        overtaken = index === 0 ? 0 : overtaken + 1
        tasks.splice(index, 1)
        running.add(task.node.name)
        yield* runTask(context, task).pipe(
          // A task that dies must not leave the loop waiting for it.
          Effect.exit,
          Effect.flatMap((outcome) => Queue.offer(ended, { task, outcome })),
          Effect.forkScoped
        )
      }
    })

  const conclude = (ended: Queue.Queue<Ended>, { task, outcome: exit }: Ended) =>
    Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      if (exit === undefined) {
        pausing--
        // Whatever the other process made of it, the next look tells.
        ready.push(task.node)
        return
      }
      const outcome = yield* exit
      running.delete(task.node.name)
      resources.give(demandOf(task.stage.options, options.resources))
      if (outcome._tag === "Computed") settle(task.node, task.bound, outcome.hit)
      else if (outcome._tag === "Found") settleCached(task.node, task.bound, outcome.hit, at)
      else if (outcome._tag === "Failed") {
        drop(task.node, at)
      } else if (outcome._tag === "Overtaken") {
        ready.push(task.node)
      } else {
        pausing++
        if (told.get(task.node.name) !== outcome.holder) {
          told.set(task.node.name, outcome.holder)
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
    let begun = false
    while (true) {
      yield* lookAtReady
      if (!begun && tasks.length > 0) {
        begun = true
        yield* begin
      }
      yield* launch(ended)
      if (running.size === 0 && pausing === 0) break
      yield* conclude(ended, yield* Queue.take(ended))
    }
    return failed === undefined ? ("done" as const) : ("failed" as const)
  })

  /** Says of every node that was not reached that it was not. */
  const skipRest = (status: Status, at: number): void => {
    const because =
      status === "interrupted"
        ? "the run was interrupted"
        : failed === undefined
          ? "the run could not go on"
          : `\`${failed}\` failed and the run stopped`
    const release = log.hold()
    for (const { name } of nodes) {
      if (digests.has(name) || dropped.has(name) || context.started.has(name)) continue
      log.add({ _tag: "NodeSkipped", at, node: name, because })
    }
    release()
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
