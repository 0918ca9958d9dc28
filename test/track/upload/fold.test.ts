/** What MLflow is told of a journal, without a server. */
import { assert, describe, it } from "vitest"
import { digestOf } from "../../../src/artifact/digest.ts"
import type { Event } from "../../../src/track/event.ts"
import { UploadFold } from "../../../src/track/upload/fold.ts"
import { lanesOf, type Operation } from "../../../src/track/upload/operation.ts"
import { emptyState } from "../../../src/track/upload/state.ts"
import { eventsOf, plan, type RunStory } from "./stories.ts"

type Tagged<T extends Operation["_tag"]> = Extract<Operation, { _tag: T }>

const key = digestOf("key")
const digest = digestOf("artifact")

const told = (events: ReadonlyArray<Event>, fold = new UploadFold(plan)): ReadonlyArray<Operation> =>
  events.flatMap((event) => fold.add(event))

const tagsOf = (operations: ReadonlyArray<Operation>): { readonly [key: string]: string } =>
  Object.assign({}, ...operations.flatMap((each) => (each._tag === "Tags" ? [each.tags] : [])))

const opened = (operations: ReadonlyArray<Operation>): ReadonlyArray<Tagged<"Open">> =>
  operations.filter((each) => each._tag === "Open")

const only = <T>(found: ReadonlyArray<T>): T => {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`${found.length} instead of one`)
  return first
}

const started: Event = {
  _tag: "RunStarted",
  at: 1000,
  id: "r1",
  pipeline: "study",
  preset: "demo",
  params: { seed: 1, attack: { epsilon: 0.1, steps: [1, 2], targeted: false }, note: "plain text" },
  nodes: 3,
  store: "/s",
  provenance: { host: "h", user: "ada", machine: "m", node: "22", program: "p 1", run: "r1", pid: 1 }
}
const nodeStarted = (at: number, attempt = 1): Event => ({
  ...{ _tag: "NodeStarted", at, node: "train", key, reason: "new", attempt, pid: 2 }
})
const metric = (at: number, value: number, step?: number): Event => ({
  ...{ _tag: "Metric", at, node: "train", name: "loss", value },
  ...(step === undefined ? {} : { step })
})
const finished: Event = {
  _tag: "NodeFinished",
  at: 2000,
  node: "train",
  key,
  digest,
  seconds: 0.5,
  bytes: 3,
  metrics: { loss: 1 },
  unchanged: false,
  engine: { name: "onnx", device: "cpu", threads: 2, versions: { "onnxruntime-node": "1.30.0" } }
}
/** Another run that takes it up. */
const resumed: Event = { ...started, at: 5000, id: "r2", continues: { run: "r1", first: "r1" } }
const end = (status: "done" | "failed" | "interrupted"): Event => ({
  ...{ _tag: "RunFinished", at: 3000, status, seconds: 2 }
})

describe("a pipeline run", () => {
  it("is one MLflow run with flat params and what it takes to repeat it", () => {
    const open = only(opened(told([started])))
    assert.deepStrictEqual(open.params, {
      seed: "1",
      "attack.epsilon": "0.1",
      "attack.steps": "[1,2]",
      "attack.targeted": "false",
      note: "plain text"
    })
    assert.deepInclude(open, { run: "r1", parent: undefined, name: "demo r1", startTime: 1000 })
    assert.deepInclude(open.tags, {
      "mlflow.user": "ada",
      "mlflow.source.name": "pipeline run study --preset demo",
      "advpipe.pipeline": "study",
      "advpipe.run": "r1"
    })
  })

  it.each([
    ["done", "FINISHED"],
    ["failed", "FAILED"],
    ["interrupted", "KILLED"]
  ] as const)("that is %s ends %s, after what it shows", (status, expected) => {
    const [ended, last] = told([started, end(status)]).slice(-2)
    assert.deepStrictEqual(ended, { _tag: "Ended", run: "r1" })
    assert.deepStrictEqual(last, { _tag: "Status", run: "r1", status: expected, endTime: 3000 })
  })

  it("that was killed is KILLED when it last said something, and so is what ran", () => {
    const fold = new UploadFold(plan)
    told([started, nodeStarted(1100), metric(1200, 1)], fold)
    const statuses = fold.abandon().filter((each) => each._tag === "Status")
    assert.deepStrictEqual(
      statuses.map(({ status, endTime }) => [status, endTime]),
      [
        ["KILLED", 1200],
        ["KILLED", 1200]
      ]
    )
    assert.deepStrictEqual(fold.abandon(), [])
  })

  it("that failed says why, first of all", () => {
    const failure = { tag: "Broken", message: "no data", hint: "get some" }
    const operations = told([
      started,
      nodeStarted(1100),
      { _tag: "NodeFailed", at: 1200, node: "train", failure, seconds: 0.1, retry: false },
      end("failed")
    ])
    const tags = Object.assign({}, ...operations.flatMap((each) => (each._tag === "Tags" ? [each.tags] : [])))
    assert.deepInclude(tags, { "advpipe.error.hint": "get some", "advpipe.error": "`train`: no data" })
  })

  it("tells how busy the machine and the nodes were", () => {
    const story: RunStory = {
      nodes: [],
      end: "done",
      torn: ""
    }
    const points = told(eventsOf(story, 0)).flatMap((each) => (each._tag === "Metrics" ? each.points : []))
    assert.deepStrictEqual(
      points.map(({ key, value, step }) => [key, value, step]),
      [
        ["system/cpu_utilization_percentage", 50, 0],
        ["system/system_memory_usage_megabytes", 1000, 0],
        ["system/system_memory_usage_percentage", 10, 0]
      ]
    )
  })
})

describe("a node", () => {
  it("is a run below it, with its own params, key and code", () => {
    const [, open] = opened(told([started, nodeStarted(1100)]))
    assert.deepInclude(open, { run: `r1/train/${key}`, parent: "r1", name: "train", startTime: 1100 })
    assert.deepStrictEqual(open?.params, { "depth.of": "1", sizes: "[1,2]", name: "train" })
    assert.deepInclude(open?.tags, {
      "advpipe.key": key,
      "advpipe.code": "c0de",
      "advpipe.cached": "false",
      "advpipe.reason": "new"
    })
  })

  it("has every value of its metrics once; those without a step are counted, anew with each attempt", () => {
    const failure = { tag: "Broken", message: "again" }
    const operations = told([
      started,
      nodeStarted(1100),
      metric(1101, 3),
      metric(1102, 2),
      metric(1103, 9, 40),
      { _tag: "NodeFailed", at: 1200, node: "train", failure, seconds: 0.1, retry: true },
      nodeStarted(1300, 2),
      metric(1301, 3)
    ])
    const points = operations.flatMap((each) => (each._tag === "Metrics" ? each.points : []))
    assert.deepStrictEqual(
      points.map(({ timestamp, value, step }) => [timestamp, value, step]),
      [
        [1101, 3, 0],
        [1102, 2, 1],
        [1103, 9, 40],
        [1301, 3, 0]
      ]
    )
    assert.strictEqual(opened(operations).length, 2)
  })

  it("that is tried again loses what its failure told, and keeps nothing of an earlier failure's", () => {
    const fail = (at: number, hint: string | undefined, retry: boolean): Event => {
      const failure = { tag: "Broken", message: `at ${at}`, ...(hint === undefined ? {} : { hint }) }
      return { _tag: "NodeFailed", at, node: "train", failure, seconds: 0.1, retry }
    }
    const first = new UploadFold(plan)
    const failed = told(
      [
        started,
        nodeStarted(1100),
        fail(1200, "mend it", true),
        nodeStarted(1300, 2),
        fail(1400, undefined, false)
      ],
      first
    )
    assert.deepInclude(tagsOf(failed), { "advpipe.error": "Broken: at 1400", "advpipe.error.hint": "" })
    const again = told(
      [resumed, nodeStarted(5100), finished, end("done")],
      new UploadFold(plan, structuredClone(first.state))
    )
    const child = again.filter(({ run }) => run === `r1/train/${key}`)
    assert.deepInclude(tagsOf(child), { "advpipe.error": "" })
    assert.isFalse(Object.keys(tagsOf(told([started, nodeStarted(1100)]))).some((tag) => /error/.test(tag)))
  })

  it("that goes on in another run has no end for as long, and says since when", () => {
    const first = new UploadFold(plan)
    told([started, nodeStarted(1100), end("interrupted")], first)
    const operations = told([resumed, nodeStarted(5100)], new UploadFold(plan, first.state))
    const statuses = operations.flatMap((each) => (each._tag === "Status" ? [each] : []))
    assert.deepStrictEqual(
      statuses.map(({ run, status, endTime }) => [run, status, endTime]),
      [
        ["r1", "RUNNING", 0],
        [`r1/train/${key}`, "RUNNING", 0]
      ]
    )
    assert.deepInclude(tagsOf(operations), { "advpipe.attempt_started": "5100" })
    assert.notProperty(tagsOf(told([started, nodeStarted(1100)])), "advpipe.attempt_started")
  })

  it("that finished shows its artifact, and the engine that made it", () => {
    const operations = told([started, nodeStarted(1100), finished])
    const produced = only(operations.filter((each) => each._tag === "Produced"))
    assert.notProperty(produced, "foundUnder")
    assert.deepInclude(produced.node, { name: "train", kind: "Table", digest, at: 2000 })
    const tags = Object.assign({}, ...operations.flatMap((each) => (each._tag === "Tags" ? [each.tags] : [])))
    assert.deepInclude(tags, {
      "advpipe.digest": digest,
      "advpipe.engine": "onnx",
      "advpipe.engine.versions": "onnxruntime-node 1.30.0"
    })
  })

  it("that is cached shows the values of the record, under the key that it was found by", () => {
    const cached: Event = {
      ...{ _tag: "NodeCached", at: 1100, node: "train", key, digest, seconds: 60 },
      metrics: { loss: Number.NaN, accuracy: 0.5 }
    }
    const operations = told([started, cached])
    const lane = lanesOf(operations)[1]
    assert.deepInclude(lane?.open?.tags, { "advpipe.cached": "true", "advpipe.saved_seconds": "60" })
    assert.deepStrictEqual(lane?.points, [
      { key: "loss", value: Number.NaN, timestamp: 1100, step: 0 },
      { key: "accuracy", value: 0.5, timestamp: 1100, step: 0 }
    ])
    assert.strictEqual(lane?.produced?.foundUnder, key)
    assert.deepInclude(lane?.status, { status: "FINISHED", endTime: 1100 })
  })

  it("that an earlier one of the runs computed stays as it is when the next one finds it cached", () => {
    const first = new UploadFold(plan)
    told([started, nodeStarted(1100), finished, end("failed")], first)
    const second = new UploadFold(plan, first.state)
    const again: Event = { ...started, at: 5000, id: "r2", continues: { run: "r1", first: "r1" } }
    const cached: Event = {
      _tag: "NodeCached",
      at: 5100,
      node: "train",
      key,
      digest,
      seconds: 1,
      metrics: {}
    }
    const operations = told([again, cached, end("done")], second)
    assert.isTrue(operations.every(({ run }) => run === "r1"))
  })

  it("whose code has changed gets another run: what the first one showed stays", () => {
    const first = new UploadFold(plan)
    told([started, nodeStarted(1100), end("interrupted")], first)
    const second = new UploadFold(plan, first.state)
    const again: Event = { ...started, at: 5000, id: "r2", continues: { run: "r1", first: "r1" } }
    const other = digestOf("other")
    const operations = told(
      [
        again,
        {
          ...nodeStarted(5100),
          _tag: "NodeStarted",
          node: "train",
          key: other,
          reason: "code",
          attempt: 1,
          pid: 3
        }
      ],
      second
    )
    assert.deepStrictEqual(
      opened(operations).map(({ run }) => run),
      ["r1", `r1/train/${other}`]
    )
  })

  it("that fails before it starts does not touch the run that it had", () => {
    const first = new UploadFold(plan)
    told([started, nodeStarted(1100), finished, end("failed")], first)
    const second = new UploadFold(plan, first.state)
    const failure = { tag: "Missing", message: "no file" }
    const operations = told(
      [
        { ...started, at: 5000, id: "r2", continues: { run: "r1", first: "r1" } },
        { _tag: "NodeFailed", at: 5100, node: "train", failure, seconds: 0, retry: false }
      ],
      second
    )
    assert.notInclude(
      operations.map(({ run }) => run),
      `r1/train/${key}`
    )
  })
})

describe("the fold", () => {
  const story: RunStory = {
    nodes: (["ran", "retried", "failed"] as const).map((fate) => ({
      fate,
      changed: false,
      points: [
        { name: "loss", value: 1, step: null },
        { name: "loss", value: 2, step: null }
      ]
    })),
    end: "failed",
    torn: ""
  }

  it("goes on from its state, after any event, as if it had never stopped", () => {
    const events = eventsOf(story, 0)
    const whole = told(events)
    for (const cut of events.keys()) {
      const first = new UploadFold(plan)
      const before = told(events.slice(0, cut), first)
      const after = told(events.slice(cut), new UploadFold(plan, structuredClone(first.state)))
      assert.deepStrictEqual([...before, ...after], whole)
    }
  })

  it("says nothing of events that come before a run's start", () => {
    const fold = new UploadFold(plan)
    assert.deepStrictEqual(told([metric(1, 2), end("done")], fold), [])
    assert.deepStrictEqual(fold.state.nodes, emptyState.nodes)
  })
})
