import { assert, describe, it } from "@effect/vitest"
import type { Table } from "../../../../src/artifact/kinds/table.ts"
import { tableMarkdown } from "../../../../src/cli/view/results/markdown.ts"
import { pivotOf } from "../../../../src/report/pivot.ts"

const share = { type: "number", unit: "share" } as const

describe("tableMarkdown", () => {
  it("writes a table as it is, with shares in percent and marks made harmless", () => {
    const table: Table = {
      title: "t",
      columns: [
        { name: "a|b", type: "text" },
        { name: "robust", ...share },
        { name: "n", type: "number", unit: "images" },
        { name: "ok", type: "boolean" }
      ],
      rows: [
        ["<script>x</script>\n*", 0.98765, 60_000, true],
        ["y", null, 0.123456, false]
      ]
    }
    assert.deepStrictEqual(tableMarkdown(table).split("\n"), [
      "| a\\|b | robust | n, images | ok |",
      "| --- | --: | --: | --- |",
      "| \\<script\\>x\\</script\\> \\* | 98.8 % | 60,000 | yes |",
      "| y | – | 0.1235 | no |"
    ])
  })

  it("lets epsilon run across, with standard errors and sources", () => {
    const table: Table = {
      title: "t",
      columns: [
        { name: "what", type: "text" },
        { name: "epsilon", type: "number" },
        { name: "published", ...share },
        { name: "faithful", ...share },
        { name: "faithful s.e.", ...share },
        { name: "faithful − published", ...share },
        { name: "source", type: "text" }
      ],
      rows: [
        ["baseline", 0.1, 0.79, 0.742, 0.0258, -0.048, "figure 1"],
        ["baseline", 0, 1, 0.984, 0.007, -0.016, "figure 1"],
        ["fresh", 0.2, null, 0.5, null, null, ""]
      ]
    }
    assert.deepStrictEqual(tableMarkdown(table).split("\n"), [
      "| accuracy at epsilon |  | 0 | 0.1 | 0.2 |",
      "| --- | --- | --: | --: | --: |",
      "| baseline | published | 100.0 | 79.0 |  |",
      "|  | faithful | 98.4 ± 0.7 | 74.2 ± 2.6 |  |",
      "| fresh | faithful |  |  | 50.0 |",
      "",
      "- baseline: figure 1"
    ])
  })
})

describe("tableMarkdown's numbers", () => {
  it("have their standard errors beside them, grey levels as such, and differences in points", () => {
    const table: Table = {
      title: "t",
      columns: [
        { name: "epsilon in pixels", type: "number" },
        { name: "measured", ...share },
        { name: "measured s.e.", ...share },
        { name: "measured − published", ...share }
      ],
      rows: [
        [2 / 255, 0.5, 0.05, -0.221],
        [0.1, 0.25, null, null]
      ]
    }
    assert.deepStrictEqual(tableMarkdown(table).split("\n"), [
      "| epsilon in pixels | measured | measured − published |",
      "| --: | --: | --: |",
      "| 2/255 | 50.0 ± 5.0 % | -22.1 points |",
      "| 0.1 | 25.0 % | – |"
    ])
  })

  it("are told with how many images they are of", () => {
    const columns: Table["columns"] = [
      { name: "what", type: "text" },
      { name: "epsilon", type: "number" },
      { name: "faithful", ...share },
      { name: "corrected", ...share },
      { name: "faithful images", type: "number", unit: "images" },
      { name: "faithful sets", type: "number" },
      { name: "corrected images", type: "number", unit: "images" }
    ]
    const rows = [
      ["baseline", 8 / 255, 0.5, 0.4, 500, 5, 10_000],
      ["baseline", 0.1, 0.5, null, 500, 5, null]
    ]
    assert.deepStrictEqual(tableMarkdown({ title: "t", columns, rows }).split("\n"), [
      "| accuracy at epsilon |  | 8/255 | 0.1 |",
      "| --- | --- | --: | --: |",
      "| baseline | faithful, n = 5 × 100 | 50.0 | 50.0 |",
      "|  | corrected, n = 10,000 | 40.0 |  |"
    ])
  })
})

describe("pivotOf", () => {
  const columns: Table["columns"] = [
    { name: "sweep", type: "text" },
    { name: "epsilon", type: "number" },
    { name: "accuracy", ...share },
    { name: "standard error", ...share },
    { name: "images", type: "number", unit: "images" },
    { name: "confidence", ...share }
  ]

  it("takes the shares before the first other number", () => {
    const pivot = pivotOf({ title: "t", columns, rows: [["a", 0.1, 0.5, 0.01, 100, 0.9]] })
    assert.deepStrictEqual(
      pivot?.groups.map(({ series }) => series),
      [[{ name: "accuracy", points: [{ share: 0.5, standardError: 0.01 }] }]]
    )
    assert.deepStrictEqual(
      pivot?.groups.map(({ name }) => name),
      ["a, n = 100"]
    )
  })

  it("leaves tables alone that have no epsilon, or nothing to name a group by, or no share", () => {
    const without = (name: string): Table => ({
      title: "t",
      columns: columns.filter((column) => column.name !== name),
      rows: []
    })
    assert.isUndefined(pivotOf(without("epsilon")))
    assert.isUndefined(pivotOf(without("sweep")))
    assert.isUndefined(pivotOf({ title: "t", columns: columns.slice(0, 2), rows: [["a", 0.1]] }))
  })
})
