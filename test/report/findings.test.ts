/** What a run's own numbers say, and what they do not. */
import { assert, describe, it } from "@effect/vitest"
import { digestOf } from "../../src/artifact/digest.ts"
import type { Sweep } from "../../src/artifact/kinds/sweep.ts"
import type { Table } from "../../src/artifact/kinds/table.ts"
import { findings } from "../../src/report/findings.ts"
import { html, titleHtml } from "../../src/report/html.ts"
import type { ReportRun } from "../../src/report/report-run.ts"
import { cellHtml, grid, percent, tableHtml } from "../../src/report/table-html.ts"
import { foldRun } from "../../src/track/run-view.ts"
import { made, planned } from "../rig/told-run.ts"
import { comparison, hostile, hostileText, sweepOf } from "./examples.ts"

const runOf = ({
  sweeps = [],
  tables = [],
  checks = [],
  ofSingleStep = 0
}: {
  readonly sweeps?: ReadonlyArray<Sweep>
  readonly tables?: ReadonlyArray<Table>
  readonly checks?: ReadonlyArray<number>
  /** Of each hygiene table, how many of the failures are of the single step alone. */
  readonly ofSingleStep?: number
}): ReportRun => {
  const nodes = checks.map((_, index) => planned(`check-${index}`, "Table", { stage: "hygiene" }))
  const events = checks.flatMap((failed, index) =>
    made(`check-${index}`, digestOf("d"), { checks_failed: failed, single_step_checks_failed: ofSingleStep })
  )
  const view = foldRun(events, nodes)
  const node = foldRun(made("x", digestOf("x")), [planned("x", "Sweep")]).nodes[0]
  assert.isDefined(node)
  return {
    view,
    description: "",
    provenance: undefined,
    revision: undefined,
    tables: tables.map((value) => ({ node, value })),
    sweeps: sweeps.map((value) => ({ node, value })),
    evaluations: [],
    figures: [],
    histories: new Map(),
    unreadable: new Map()
  }
}

describe("findings", () => {
  it("of nothing are none", () => assert.deepStrictEqual(findings(runOf({})), []))

  it("count what comes near published values, and name what is farthest", () => {
    const [found] = findings(runOf({ tables: [comparison] }))
    assert.match(
      found ?? "",
      /^Of 2 published accuracies, the faithful repetition comes within 5 points of 1; .* 14\.2 points\./
    )
    assert.match(found ?? "", /Farthest is baseline under FGSM at ε 0\.2: 20\.0 points above\.$/)
  })

  it("take each model's worst white-box attack at the epsilon at which most is known", () => {
    const sweeps = [
      sweepOf("plain", [
        [0, 99],
        [0.3, 5]
      ]),
      sweepOf("robust", [
        [0, 97],
        [0.1, 90],
        [0.3, 80]
      ]),
      // A stronger attack on the same model counts; what no image survives does not.
      sweepOf("robust", [
        [0.3, 60],
        [0.5, 0]
      ])
    ]
    assert.deepStrictEqual(findings(runOf({ sweeps })), [
      "At ε 0.3, the worst of the white-box attacks that were made leaves most to robust: 60.0 % ± 4.9 of 100 images; next is plain with 5.0 % ± 2.2."
    ])
    const transferred = [...sweeps, sweepOf("plain", [[0.3, 85]], "transfer")]
    assert.include(
      findings(runOf({ sweeps: transferred }))[1],
      "plain recognises 85.0 % at ε 0.3, of those made against itself 5.0 %"
    )
    // Of a model that has no white-box numbers nothing is said.
    assert.deepStrictEqual(findings(runOf({ sweeps: [sweepOf("x", [[0.3, 85]], "transfer")] })), [])
  })

  it("say nothing of models whose checks failed, and tell models of one name apart", () => {
    const told = (name: string, model: string, value: Sweep) => ({
      node: foldRun(made(name, digestOf(name)), [planned(name, "Sweep", { inputs: { model } })]).nodes[0],
      value
    })
    const checked = (model: string, failed: number) =>
      foldRun(made(`check ${model}`, digestOf("d"), { checks_failed: failed }), [
        planned(`check ${model}`, "Table", { stage: "hygiene", inputs: { model } })
      ]).nodes
    const run = runOf({})
    const sweeps = [
      told("a", "broken", sweepOf("broken", [[0.1, 97]])),
      told("b", "seed-1", sweepOf("trained", [[0.1, 60]])),
      told("c", "seed-2", sweepOf("trained", [[0.1, 50]])),
      told("d", "unchecked", sweepOf("unchecked", [[0.1, 99]])),
      // Another attack's transfer says nothing of this one.
      told("e", "seed-1", { ...sweepOf("trained", [[0.1, 99]], "transfer"), title: "trained under PGD" })
    ].flatMap(({ node, value }) => (node === undefined ? [] : [{ node, value }]))
    const nodes = [...checked("broken", 1), ...checked("seed-1", 0), ...checked("seed-2", 0)]
    const found = findings({ ...run, view: { ...run.view, nodes }, sweeps })
    assert.deepStrictEqual(found.slice(0, -1), [
      "b: At ε 0.1, the worst of the white-box attacks that were made leaves most to trained: 60.0 % ± 4.9 of 100 images.",
      "c: At ε 0.1, the worst of the white-box attacks that were made leaves most to trained: 50.0 % ± 5.0 of 100 images."
    ])
    const together = findings({
      ...run,
      view: {
        ...run.view,
        nodes: [...nodes, ...foldRun(made("test", digestOf("t")), [planned("test", "Dataset")]).nodes]
      },
      sweeps
    })
    assert.deepStrictEqual(together.slice(0, -1), [
      "At ε 0.1, the worst of the white-box attacks that were made leaves most to trained (seed-1): 60.0 % ± 4.9 of 100 images; next is trained (seed-2) with 50.0 % ± 5.0."
    ])
  })

  it("say whether the checks passed", () => {
    assert.match(
      findings(runOf({ checks: [0, 0] }))[0] ?? "",
      /^All checks of the numbers passed, for each of 2 models/
    )
    assert.match(findings(runOf({ checks: [0, 2] }))[0] ?? "", /^Checks failed for 1 of 2 models/)
  })

  it("tell apart what fails of a single step alone", () => {
    const [first, second] = findings(runOf({ checks: [2, 2], ofSingleStep: 2 }))
    assert.match(first ?? "", /^All checks of the iterative attacks' numbers passed/)
    assert.match(second ?? "", /^A single step leaves more than noise, .* of 2 of 2 models/)
    assert.match(findings(runOf({ checks: [2, 3], ofSingleStep: 2 }))[0] ?? "", /^Checks failed for 1 of 2/)
  })

  it("say first that data were generated, or the size not reached, before comparing", () => {
    const found = (title: string) => {
      const run = runOf({ tables: [comparison] })
      const [work] = foldRun(made("work", digestOf("w")), [
        planned("work", "Table", { stage: "work-table" })
      ]).nodes
      assert.isDefined(work)
      return findings({
        ...run,
        tables: [...run.tables, { node: work, value: { ...comparison, title, columns: [] } }]
      })
    }
    const [first, second] = found(
      "Work; cut: generated digits instead of MNIST, 2000 of 60000 training images"
    )
    assert.match(
      first ?? "",
      /^No number here can be compared with a published one.* generated digits instead/
    )
    assert.match(second ?? "", /^On generated data: of 2 published accuracies/)
    const [cut, compared] = found("Work; cut: 4 of 50 epochs")
    assert.strictEqual(cut, "The study's size is not reached; cut: 4 of 50 epochs.")
    assert.match(compared ?? "", /^Of 2 published accuracies/)
    assert.match(found("Work; nothing cut")[0] ?? "", /^Of 2 published accuracies/)
  })
})

describe("html", () => {
  it("escapes what is put into it, unless it is markup already", () => {
    const { text } =
      html`<p title="${hostileText}">${hostile.map((each) => html`<b>${each}</b>`)}${undefined}${false}${0}</p>`
    assert.notMatch(text, /<(?!\/?[pb][ >])/)
    assert.strictEqual(text.split('"').length, 3)
    assert.match(text, /0<\/p>$/)
    assert.include(text, "&amp;lt;b&amp;gt;")
  })

  it("sets what a title has after a semicolon smaller", () =>
    assert.strictEqual(titleHtml("a; <b>").text, 'a<br><span class="muted small plain">&lt;b&gt;</span>'))
})

describe("tables in a page", () => {
  it("show cells by their type and unit", () => {
    assert.deepStrictEqual(
      [
        cellHtml(null, undefined),
        cellHtml(true, undefined),
        cellHtml(0.125, "share"),
        cellHtml(1 / 3, undefined)
      ],
      ["–", "yes", "12.5 %", "0.33333"]
    )
    assert.strictEqual(percent(Number.NaN), "–")
    assert.strictEqual(
      html`${cellHtml("failed", undefined)}`.text,
      '<span class="state state-failed">failed</span>'
    )
    assert.match(String(cellHtml("x".repeat(1e5), undefined)), /^x{600} … \(99400 more characters\)$/)
  })

  it("put epsilon across, and what belongs together into rows beside one name", () => {
    const { text } = tableHtml(comparison)
    assert.include(
      text,
      '<td rowspan="2">baseline under FGSM<br><span class="muted small">blog</span></td><td>published</td>'
    )
    assert.include(
      text,
      '<tr><td>faithful</td><td class="number">98.0<span class="muted small"> ±1.4</span></td>'
    )
    // Differences are left to the reader.
    assert.notInclude(text, "−")
  })

  it("have so many rows as a page has room for, and say how many more there are", () => {
    const { text } = grid(
      [{ head: "n", isNumber: true }],
      Array.from({ length: 1000 }, (_, row) => [row]),
      "numbers"
    )
    assert.strictEqual(text.split("<tr>").length - 1, 401)
    assert.include(text, "600 more rows are not shown")
  })
})
