import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { graphSvg } from "../../../src/track/content/graph-svg.ts"
import type { PlannedNode } from "../../../src/track/event.ts"

/** Plans in topological order: each node takes some of those before it. */
const plans: fc.Arbitrary<ReadonlyArray<PlannedNode>> = fc
  .array(fc.array(fc.nat()), { maxLength: 12 })
  .map((wires) =>
    wires.map((wire, index) => ({
      name: `node ${index}`,
      stage: "stage",
      kind: "Table",
      params: {},
      inputs: index === 0 ? {} : { data: wire.map((each) => `node ${each % index}`) }
    }))
  )

const boxesOf = (svg: string) =>
  [...svg.matchAll(/<g><title>([^<:]*): .*?<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g)].map(
    ([, name = "", x, y, width, height]) => ({
      name,
      x: Number(x),
      y: Number(y),
      right: Number(x) + Number(width),
      bottom: Number(y) + Number(height)
    })
  )

describe("a plan as SVG", () => {
  it("has a box for each node within the picture, none over another, and each right of what it takes", () => {
    fc.assert(
      fc.property(plans, (nodes) => {
        const svg = graphSvg(nodes)
        const boxes = boxesOf(svg)
        assert.deepStrictEqual(
          boxes.map(({ name }) => name),
          nodes.map(({ name }) => name)
        )
        const [, width = 0, height = 0] = /width="(\d+)" height="(\d+)"/.exec(svg)?.map(Number) ?? []
        const at = new Map(boxes.map((box) => [box.name, box]))
        for (const box of boxes) {
          assert.isTrue(box.right <= width && box.bottom <= height)
          const over = boxes.filter(
            (other) =>
              other.name !== box.name &&
              other.x < box.right &&
              box.x < other.right &&
              other.y < box.bottom &&
              box.y < other.bottom
          )
          assert.deepStrictEqual(over, [])
        }
        for (const { name, inputs } of nodes) {
          for (const source of Object.values(inputs).flatMap((wire) => Object.values(wire)))
            assert.isBelow(at.get(source)?.right ?? Number.NaN, at.get(name)?.x ?? Number.NaN)
        }
      })
    )
  })

  it("has names as text, whatever is in them", () => {
    const name = '<a href="&">\u0000'
    const svg = graphSvg([{ name, stage: "s", kind: "Model", params: {}, inputs: {} }])
    assert.include(svg, "&lt;a href=&quot;&amp;&quot;&gt;\\u0000")
    assert.notInclude(svg, "<a")
  })
})
