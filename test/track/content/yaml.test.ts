import { assert, describe, it } from "@effect/vitest"
import { yaml } from "../../../src/track/content/yaml.ts"

describe("YAML", () => {
  it("has blocks for lists and records, and quotes every text", () => {
    const data = {
      name: 'a "b": c',
      count: 3,
      nothing: null,
      on: true,
      empty: {},
      none: [],
      list: ["x", { y: 1, z: { deep: "-" } }, ["p", "q"]],
      inner: { "odd key": "\n" }
    }
    assert.strictEqual(
      yaml(data),
      `name: "a \\"b\\": c"
count: 3
nothing: null
on: true
empty: {}
none: []
list:
  - "x"
  - y: 1
    z:
      deep: "-"
  - - "p"
    - "q"
inner:
  "odd key": "\\n"
`
    )
  })
})
