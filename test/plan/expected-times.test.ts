/** What is expected of each node before a run. */
import { assert, describe, it } from "@effect/vitest"
import type { Canonical } from "../../src/artifact/canonical.ts"
import { digestOf } from "../../src/artifact/digest.ts"
import type { ElaboratedNode, Elaboration } from "../../src/plan/elaboration.ts"
import { expectedTimes } from "../../src/plan/expected-times.ts"
import type { LastNode, LastRun } from "../../src/plan/last-run.ts"

const node = (name: string, params: Canonical, on: ReadonlyArray<string> = []): ElaboratedNode => ({
  name,
  stage: 0,
  params,
  inputs: { of: on },
  fixed: digestOf(name)
})

/** `data` → `train` → `judge`, and `other` on its own. */
const planOf = (images: number, epochs: number): Elaboration => ({
  pipeline: "study",
  description: "",
  remarks: {},
  preset: "demo",
  presets: ["demo", "quick"],
  params: {},
  stages: [],
  nodes: [
    node("data", { images }),
    node("train", { epochs }, ["data"]),
    node("judge", {}, ["train"]),
    node("other", {})
  ],
  plan: digestOf("plan"),
  files: [],
  links: []
})

const lastOf = ({ nodes }: Elaboration, seconds: number): LastRun => ({
  code: {},
  nodes: Object.fromEntries(
    nodes.map(({ name, params, fixed }) => {
      const last: LastNode = {
        key: digestOf("key"),
        digest: digestOf("artifact"),
        stage: "stage",
        code: "other code",
        params,
        seconds,
        bytes: 1,
        metrics: {},
        record: "stamp",
        blobs: [],
        fixed,
        inputs: {},
        files: {},
        environment: {}
      }
      return [name, last]
    })
  )
})
const none: LastRun = { code: {}, nodes: {} }
const times = (seconds: number) => ({
  machine: "m",
  seconds: { data: seconds, train: seconds, judge: seconds, other: seconds }
})
const all = (elaboration: Elaboration, last: LastRun, file: Parameters<typeof expectedTimes>[2]) => {
  const expected = expectedTimes(elaboration, last, file)
  return elaboration.nodes.map(({ name }) => {
    const found = expected(name)
    return found === undefined ? "nothing" : `${found.basis}: ${found.seconds}`
  })
}

describe("what is expected of a node", () => {
  it("is what it took the last time, where nothing that it depends on has other params", () => {
    const plan = planOf(100, 2)
    assert.deepStrictEqual(all(plan, lastOf(plan, 3), { demo: times(9) }), [
      "same: 3",
      "same: 3",
      "same: 3",
      "same: 3"
    ])
  })

  it("is what the file says of the preset, where something has", () => {
    const last = lastOf(planOf(100, 5), 3)
    assert.deepStrictEqual(all(planOf(100, 2), last, { quick: times(50), demo: times(9) }), [
      "same: 3",
      "elsewhere: 9",
      "elsewhere: 9",
      "same: 3"
    ])
  })

  it("is in proportion to other work at best, where there is no better: the last run's, or another preset's", () => {
    const last = lastOf(planOf(1000, 2), 3)
    assert.deepStrictEqual(all(planOf(100, 2), last, { quick: times(50) }), [
      "other work: 3",
      "other work: 3",
      "other work: 3",
      "same: 3"
    ])
    assert.deepStrictEqual(all(planOf(100, 2), none, { quick: times(50) }), Array(4).fill("other work: 50"))
  })

  it("is nothing where nobody knows anything", () => {
    assert.deepStrictEqual(all(planOf(100, 2), none, {}), Array(4).fill("nothing"))
    const expected = expectedTimes(planOf(100, 2), none, { demo: { machine: "m", seconds: {} } })
    assert.isUndefined(expected("constructor"))
  })
})
