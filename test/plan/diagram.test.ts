import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { textDiagram } from "../../src/plan/text-diagram.ts"
import { dot, edges, mermaid } from "../../src/track/diagram.ts"
import type { PlannedNode } from "../../src/track/event.ts"
import { planned } from "../cli/reporter/events.ts"

// train --> standard --> standardScore --> report
//      \--> robust ----> robustScore ----/
const small = [
  planned("train", {}, "load-mnist"),
  planned("test", {}, "load-mnist"),
  planned("standard", { data: "train" }),
  planned("robust", { data: "train" }),
  planned("standardScore", { model: "standard", clean: "test" }, "evaluate"),
  planned("robustScore", { model: "robust", clean: "test" }, "evaluate"),
  planned("report", { scores: ["standardScore", "robustScore"] }, "figure")
]

const epsilons = ["0.1", "0.2", "0.3"]
const models = ["baseline", "retrained", "fresh"]
const sweep = [
  planned("train", {}, "load-mnist"),
  planned("test", {}, "load-mnist"),
  planned("baseline", { data: "train" }),
  ...["fgsm", "pgd"].flatMap((attack) =>
    epsilons.map((epsilon) =>
      planned(`${attack}/${epsilon}`, { model: "baseline", clean: "test" }, "generate-adversarial")
    )
  ),
  ...epsilons.map((epsilon) =>
    planned(`trainset/${epsilon}`, { model: "baseline", clean: "train" }, "generate-adversarial")
  ),
  planned(
    "combined",
    { clean: "train", adversarial: epsilons.map((epsilon) => `trainset/${epsilon}`) },
    "combine"
  ),
  planned("retrained", { data: "combined", from: "baseline" }),
  planned("fresh", { data: "combined" }),
  ...models.flatMap((model) =>
    epsilons.map((epsilon) =>
      planned(
        `evaluate/${model}/${epsilon}`,
        { model, clean: "test", adversarial: { fgsm: `fgsm/${epsilon}`, pgd: `pgd/${epsilon}` } },
        "evaluate"
      )
    )
  ),
  planned("report", {
    evaluations: models.flatMap((model) => epsilons.map((epsilon) => `evaluate/${model}/${epsilon}`))
  })
]

const hostile = [
  'say "hi"',
  "a]--> b",
  "<script>",
  "`md`",
  "1. list",
  "- list",
  "end",
  "#quot;",
  "back\\",
  "two\nlines",
  "%% c",
  "模型",
  "\u001b[2J",
  "__proto__"
]

/** A plan whose node `i` takes some of the nodes before it. */
const anyPlan: fc.Arbitrary<ReadonlyArray<PlannedNode>> = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 14 })
  .map((wires) =>
    wires.map((sources, index) =>
      planned(
        `n${index}`,
        index === 0 ? {} : { in: [...new Set(sources.map((source) => `n${source % index}`))] }
      )
    )
  )

const pairs = (nodes: ReadonlyArray<PlannedNode>) =>
  edges(nodes)
    .map(({ from, to }) => `${from}->${to}`)
    .toSorted()

describe("edges", () => {
  it("come once per pair of nodes, with the inputs they feed", () => {
    const nodes = [planned("a"), planned("b", { x: "a", y: ["a", "a"], z: { k: "a" }, gone: "nobody" })]
    assert.deepStrictEqual(edges(nodes), [{ from: "a", to: "b", labels: ["x", "y", "z"] }])
  })
})

describe("a Mermaid diagram", () => {
  it("has a box per node and an arrow per edge", () => {
    assert.strictEqual(
      mermaid(
        small.slice(0, 3),
        new Map([
          ["train", "cached"],
          ["standard", "run"]
        ])
      ),
      `flowchart TD
  n0["train<br/>load-mnist<br/>cached"]
  n1["test<br/>load-mnist"]
  n2["standard<br/>train-model<br/>run"]
  n0 -->|"data"| n2
  classDef cached fill:#eee,stroke:#999,color:#333
  class n0 cached
`
    )
  })

  it("lets no name out of its quotes", () => {
    const text = mermaid(hostile.map((name) => planned(name)))
    const boxes = text.trimEnd().split("\n").slice(1)
    assert.strictEqual(boxes.length, hostile.length)
    boxes.forEach((line, index) => {
      const label = new RegExp(`^  n${index}\\["(.*)<br/>train-model"\\]$`).exec(line)?.[1]
      assert.match(label ?? "<", /^[^"<>[\]`\\%]+$/)
      assert.notMatch(label ?? "", /^(\d+\.|-) /)
    })
  })

  it("writes epsilons so that people can read them", () => {
    assert.include(mermaid([planned("fgsm/0.1")]), '["fgsm/0.1<br/>')
  })
})

describe("a DOT diagram", () => {
  it("has a box per node and an arrow per edge", () => {
    assert.strictEqual(
      dot(small.slice(0, 3), new Map([["train", "cached"]])),
      `digraph pipeline {
  node [shape=box]
  n0 [label="train\\nload-mnist\\ncached", style=filled, fillcolor=gray90]
  n1 [label="test\\nload-mnist"]
  n2 [label="standard\\ntrain-model"]
  n0 -> n2 [label="data"]
}
`
    )
  })

  it("lets no name out of its quotes", () => {
    const names = fc.string({ unit: "binary" })
    fc.assert(
      fc.property(fc.oneof(names, fc.constantFrom(...hostile)), (name) => {
        const lines = dot([planned(name)]).split("\n")
        assert.strictEqual(lines.length, 5)
        // Quotes and backslashes come in escaped pairs only.
        assert.match(lines[2] ?? "", /^ {2}n0 \[label="(?:[^"\\]|\\["\\n])*"\]$/)
      })
    )
  })
})

describe("a text diagram", () => {
  it("has a line per node and a lane per artifact that is still needed", () => {
    assert.deepStrictEqual(
      textDiagram(small, {
        decisions: new Map([
          ["train", "cached"],
          ["test", "run"]
        ])
      }),
      [
        "○      train          cached  load-mnist",
        "│ ●    test           run     load-mnist",
        "├─│─●  standard               train-model",
        "● │ │  robust                 train-model",
        "│ ├─●  standardScore          evaluate",
        "●─╯ │  robustScore            evaluate",
        "╰───┤",
        "    ◆  report                 figure"
      ]
    )
  })

  it("draws exactly the plan's edges", () => {
    fc.assert(
      fc.property(anyPlan, (nodes) => {
        assert.deepStrictEqual(edgesDrawn(textDiagram(nodes, { columns: 500 })), pairs(nodes))
      }),
      { numRuns: 300 }
    )
    assert.deepStrictEqual(edgesDrawn(textDiagram(sweep)), pairs(sweep))
  })

  it("stays within 80 columns for a sweep, with every name in full", () => {
    const lines = textDiagram(sweep, { decisions: new Map(sweep.map(({ name }) => [name, "run"])) })
    for (const line of lines) assert.isAtMost(line.length, 80)
    for (const { name } of sweep)
      assert.isTrue(
        lines.some((line) => line.includes(`  ${name} `)),
        name
      )
  })

  it("takes one lane for thirty nodes that meet in one", () => {
    const names = Array.from({ length: 30 }, (_, index) => `eval/${index}`)
    const nodes = [
      planned("model"),
      ...names.map((name) => planned(name, { model: "model" })),
      planned("report", { evals: names })
    ]
    const lines = textDiagram(nodes)
    assert.deepStrictEqual(edgesDrawn(lines), pairs(nodes))
    assert.isAtMost(Math.max(...lines.map((line) => line.indexOf("●"))), 4)
  })

  it("becomes a list where the lanes leave no room for names", () => {
    const names = Array.from({ length: 40 }, (_, index) => `a${index}`)
    const nodes = [
      ...names.map((name) => planned(name)),
      ...names.map((name) => planned(`${name}/next`, { in: name })),
      planned("last", { all: names.map((name) => `${name}/next`) })
    ]
    const lines = textDiagram(nodes, { decisions: new Map([["last", "run"]]) })
    assert.strictEqual(lines.length, nodes.length)
    assert.strictEqual(lines[40], "a0/next  ← a0")
    assert.match(lines[80] ?? "", /^last {2}run {2}← a0\/next, a1\/next.* and \d+ more$/)
    for (const line of lines) assert.isAtMost(line.length, 80)
  })

  it("cuts names that are too long and lets no control character through", () => {
    const lines = textDiagram([planned(`\u001b[2J${"x".repeat(200)}`), planned("two\nlines")], {
      columns: 40
    })
    assert.strictEqual(lines.length, 2)
    for (const line of lines) {
      assert.isAtMost(line.length, 40)
      assert.notMatch(line, /\p{Cc}/u)
    }
  })

  it("marks a result, and hollows what is cached", () => {
    const nodes = [planned("a"), planned("b", { in: "a" }), planned("c")]
    const marks = (cached: ReadonlyArray<string>) =>
      textDiagram(nodes, { decisions: new Map(cached.map((name) => [name, "cached"])) }).map(
        (line) => line[0]
      )
    assert.deepStrictEqual(marks([]), ["●", "◆", "◆"])
    assert.deepStrictEqual(marks(["a", "b", "c"]), ["○", "◇", "◇"])
  })

  it("draws nothing for no nodes", () => {
    assert.deepStrictEqual(textDiagram([]), [])
  })
})

/** Reads a drawing back, as a person would: lane by lane. Node names must be `n0`-like single words. */
const edgesDrawn = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = new Set<string>()
  let lanes: ReadonlyArray<ReadonlyArray<string>> = []
  for (const line of lines) {
    const graph = /^[●○◆◇│├┼┤╰┴╯─ ]*/u.exec(line)?.[0] ?? ""
    const cells = [...graph].filter((_, index) => index % 2 === 0)
    const name = line.slice(graph.length).split(" ")[0] ?? ""
    const marker = cells.findIndex((cell) => "●○◆◇".includes(cell))
    const above = lanes
    const at = (index: number) => above[index] ?? []
    if (marker < 0) {
      const source = cells.findIndex((cell) => "╰╯".includes(cell))
      const target = cells.findIndex((cell) => "├┤".includes(cell))
      lanes = cells.map((cell, index) =>
        index === target ? [...at(target), ...at(source)] : cell === "│" ? at(index) : []
      )
      continue
    }
    for (const [index, cell] of cells.entries()) {
      if (index === marker || "├┼┤╰┴╯".includes(cell))
        for (const from of at(index)) found.add(`${from}->${name}`)
    }
    lanes = cells.map((cell, index) =>
      index === marker ? (cell === "●" ? [name] : []) : "│├┼┤".includes(cell) ? at(index) : []
    )
  }
  return [...found].toSorted()
}
