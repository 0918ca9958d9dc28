import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { dependenciesOf, topologicalOrder } from "../../src/plan/order.ts"

interface TestNode {
  readonly name: string
  readonly inputs: { readonly all: ReadonlyArray<string> }
}

const node = (name: string, ...all: ReadonlyArray<string>): TestNode => ({ name, inputs: { all } })
const order = (nodes: ReadonlyArray<TestNode>) =>
  Effect.runSync(topologicalOrder("p", nodes)).map(({ name }) => name)

/** Random acyclic graphs, with the nodes given in random order. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .chain((wires) =>
    fc.shuffledSubarray(
      wires.map((inputs, i) => node(`n${i}`, ...inputs.filter(() => i > 0).map((input) => `n${input % i}`))),
      { minLength: wires.length, maxLength: wires.length }
    )
  )

describe("topological order", () => {
  it("has every node once, after all that it depends on", () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const names = order(nodes)
        assert.sameMembers(
          names,
          nodes.map(({ name }) => name)
        )
        for (const { name, inputs } of nodes) {
          for (const dependency of dependenciesOf(inputs))
            assert.isBelow(names.indexOf(dependency), names.indexOf(name))
        }
      })
    )
  })

  it("keeps nodes in the pipeline's order where it can", () => {
    assert.deepStrictEqual(order([node("b"), node("a"), node("c", "b")]), ["b", "a", "c"])
    assert.deepStrictEqual(order([node("c", "b"), node("b"), node("a")]), ["b", "c", "a"])
  })

  it("names the nodes of a circle in order, and only these", () => {
    const nodes = [node("start"), node("a", "start", "c"), node("b", "a"), node("c", "b"), node("end", "c")]
    const error = Effect.runSync(Effect.flip(topologicalOrder("p", nodes)))
    assert.strictEqual(error.message, "p: nodes depend on each other in a circle: a → c → b → a")
    assert.include(error.hint, "list or record")
  })

  it("finds a node that depends on itself", () => {
    assert.include(Effect.runSync(Effect.flip(topologicalOrder("p", [node("a", "a")]))).message, "a → a")
  })

  it("takes a chain of 20,000 nodes", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) =>
      node(`n${i}`, ...(i === 19_999 ? [] : [`n${i + 1}`]))
    )
    assert.strictEqual(order(chain)[0], "n19999")
  })
})
