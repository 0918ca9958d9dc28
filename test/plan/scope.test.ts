import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { digestOf } from "../../src/artifact/digest.ts"
import type { Elaboration } from "../../src/plan/elaboration.ts"
import { nodesInScope } from "../../src/plan/scope.ts"

//   load ─► split ─► train ─► sweep
//      └──► card      other ───┘
const node = (name: string, ...all: ReadonlyArray<string>) => ({
  name,
  stage: 0,
  params: {},
  inputs: { all },
  fixed: digestOf(name)
})
const elaboration: Elaboration = {
  pipeline: "p",
  remarks: {},
  description: "",
  preset: "demo",
  presets: ["demo"],
  params: {},
  stages: [],
  nodes: [
    node("load"),
    node("split", "load"),
    node("train", "split"),
    node("card", "load"),
    node("other"),
    node("sweep", "train", "other")
  ],
  plan: digestOf("plan"),
  files: [],
  links: []
}

const inScope = (request: { readonly only?: ReadonlyArray<string>; readonly from?: ReadonlyArray<string> }) =>
  Effect.map(nodesInScope(elaboration, { only: [], from: [], force: [], ...request }), (nodes) =>
    nodes.map(({ name }) => name)
  )

describe("scope", () => {
  it.effect("is everything by default", () =>
    Effect.gen(function* () {
      assert.lengthOf(yield* inScope({}), 6)
    })
  )

  it.effect("of --only is the node and what it needs", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* inScope({ only: ["train"] }), ["load", "split", "train"])
      assert.deepStrictEqual(yield* inScope({ only: ["card", "other"] }), ["load", "card", "other"])
    })
  )

  it.effect("of --from is the node, what follows from it, and what these need", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* inScope({ from: ["train"] }), [
        "load",
        "split",
        "train",
        "other",
        "sweep"
      ])
    })
  )

  it.effect("names a node that is not there, with those that are", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(nodesInScope(elaboration, { only: [], from: [], force: ["trian"] }))
      assert.strictEqual(error.message, "p has no node `trian`")
      assert.include(error.known, "train")
    })
  )
})
