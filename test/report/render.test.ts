/** What a report shows of a run, and that it says what a run does not have. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Digest, digestOf } from "../../src/artifact/digest.ts"
import { Figure } from "../../src/artifact/kinds/figure.ts"
import { Model } from "../../src/artifact/kinds/model.ts"
import { Table } from "../../src/artifact/kinds/table.ts"
import { Leases } from "../../src/artifact/leases.ts"
import { renderReport } from "../../src/report/index.ts"
import type { Event } from "../../src/track/event.ts"
import { runLeaseKey } from "../../src/track/run-store.ts"
import { at, made, planned, stored, tell } from "../rig/told-run.ts"
import { comparison } from "./examples.ts"
import { hostileRun, inStore, metric, whole } from "./told-runs.ts"

/** A model whose training loss was 1, 1/2, 1/3, … */
const trainedFor = (epochs: number): Model => ({
  network: { name: "n", layers: [] },
  weights: new Map(),
  history: Array.from({ length: epochs }, (_, index) => ({
    epoch: index + 1,
    learningRate: 0.1,
    trainingLoss: 1 / (index + 1),
    trainingAccuracy: 0.5,
    validationLoss: null,
    validationAccuracy: null
  }))
})

const trainingsIn = (page: string): string =>
  /<section id="trainings">([\s\S]*?)<\/section>/.exec(page)?.[1] ?? ""

/** Names of nodes among the texts of a chart. */
const lines = (section: string): ReadonlyArray<string | undefined> =>
  [...section.matchAll(/>([a-z ]+)<\/text>/g)]
    .map(([, text]) => text)
    .filter((text) => !["training loss", "training accuracy", "learning rate", "epoch"].includes(text ?? ""))

describe("a report", () => {
  it.effect("of a finished run has its tables, figures, curves, graph and card", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        tell(layout, yield* whole)
        const page = yield* renderReport(["last"])
        for (const text of [
          "An experiment",
          "root mean square difference is 14.2 points",
          "leaves most to robust: 80.0 % ± 4.0 of 100 images; next is plain with 10.0 % ± 3.0",
          "Published beside faithful",
          '47.0<span class="muted small"> ±5.0</span>',
          "drawn by us",
          "pipeline artifacts export figure DIRECTORY --run 20260921-120000000-aaaa",
          "training loss",
          'id="dag-0" class="node ran" href="#node-0"',
          'id="node-0"',
          "attack.seed 7",
          "linux x64"
        ])
          assert.include(page, text)
        // Our own figure is part of the page in the page's colours, another's is a picture that can do nothing.
        assert.include(page, 'stroke="var(--series-1)"')
        assert.include(page, "data:image/svg+xml;base64,")
        assert.notInclude(page, "window.stolen")
        // A sweep that no figure is made of is drawn by the report.
        assert.include(page, "Accuracy over ε: sweeps")
        // The model's files are gone; that is said once, and nothing fails.
        assert.include(page, "1 artifact could not be read; what it held")
      })
    )
  )

  it.effect("of a run that has nothing says what is missing, in each of its places", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        tell(layout, {
          id: "r",
          nodes: [planned("a", "Dataset")],
          events: made("a", digestOf("gone")),
          ended: "done"
        })
        const page = yield* renderReport(["r"])
        for (const text of [
          "Nothing to conclude by itself",
          "No figures.",
          "no node of the stage <code>draw-sweeps</code>",
          "no node of the stage <code>image-grid</code>",
          "No tables:",
          "No curves:",
          "No checks:",
          "1 artifact could not be read; what it held"
        ])
          assert.include(page, text)
      })
    )
  )

  it.effect("draws trainings that no figure is made of: from this run, or from what their models keep", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const figure = { title: "Two of them", description: "d", svg: "<svg/>" }
        const two = yield* stored(Model, trainedFor(2))
        const cached = (node: string, digest: Digest): ReadonlyArray<Event> => [
          { _tag: "NodeCached", at, node, key: digestOf(node), digest, seconds: 1, metrics: {} }
        ]
        tell(layout, {
          id: "r",
          nodes: [
            ...["told", "cached", "drawn", "drawn too", "once", "gone", "broken"].map((name) =>
              planned(name, "Model")
            ),
            planned("figure", "Figure", { inputs: { models: { a: "drawn" } } }),
            // What is made of other things as well does not show how a model was trained.
            planned("grid", "Figure", { inputs: { models: { a: "cached" }, data: "data" } })
          ],
          events: [
            ...[1, 2].map((step) => metric("told", "training_loss", 1 / step, step)),
            ...made("told", digestOf("gone, but this run logged it")),
            ...cached("cached", yield* stored(Model, trainedFor(3))),
            ...cached("drawn", two),
            ...cached("drawn too", two),
            ...cached("once", yield* stored(Model, trainedFor(1))),
            ...cached("gone", digestOf("a model that was collected")),
            ...made("figure", yield* stored(Figure, figure)),
            ...made("grid", yield* stored(Figure, { ...figure, title: "A grid" }))
          ],
          ended: "failed"
        })
        const section = trainingsIn(yield* renderReport(["r"]))
        for (const text of [
          'Loss and accuracy over epochs of 2 models are among the <a href="#figures">figures</a>.',
          "No curve of gone: this run did not log one, and the artifact that would have it is gone or cannot be read.",
          "No curve of once: there is no history of more than one epoch.",
          "No curve of broken: it did not come so far."
        ])
          assert.include(section, text)
        assert.deepStrictEqual(lines(section), ["told", "cached"])
        assert.include(section, ">3</text>")
      })
    )
  )

  it.effect("draws trainings itself where their figure cannot be read", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        tell(layout, {
          id: "r",
          nodes: [planned("m", "Model"), planned("figure", "Figure", { inputs: { models: { a: "m" } } })],
          events: [
            ...made("m", yield* stored(Model, trainedFor(2))),
            ...made("figure", digestOf("a figure that was collected"))
          ],
          ended: "done"
        })
        assert.deepStrictEqual(lines(trainingsIn(yield* renderReport(["r"]))), ["m"])
      })
    )
  )

  it.effect("keeps the line breaks of failures, hints and logs", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const failure = { tag: "Wrong", message: "wrong:\n  a is 1", hint: "first\nthen" }
        tell(layout, {
          id: "r",
          nodes: [planned("n", "Table")],
          events: [
            { _tag: "Log", at, node: "n", level: "warning", message: "one\nerror: two" },
            { _tag: "NodeFailed", at, node: "n", failure, seconds: 1, retry: false }
          ],
          ended: "failed"
        })
        const page = yield* renderReport(["r"])
        assert.include(page, ".said{white-space:pre-wrap}")
        const said = [...page.matchAll(/class="said[^"]*">([^<]*)</g)].map(([, text]) => text)
        const wanted = ["wrong:\n  a is 1", "hint: first\nthen"]
        assert.deepStrictEqual(said, [...wanted, ...wanted])
        // A message's second line is not taken for another message.
        assert.include(page, "warning: one\n  error: two\n</pre>")
      })
    )
  )

  it.effect("of a run that failed half-way has what was finished, and the failure with its cure", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const failure = { tag: "Diverged", message: "the loss is NaN", hint: "lower the learning rate" }
        tell(layout, {
          id: "r",
          nodes: [planned("data", "Table"), planned("train", "Model"), planned("after", "Table")],
          events: [
            ...made("data", yield* stored(Table, comparison)),
            { _tag: "NodeFailed", at: at + 2, node: "train", failure, seconds: 1, retry: false },
            { _tag: "NodeSkipped", at: at + 3, node: "after", because: "train" }
          ],
          ended: "failed"
        })
        const page = yield* renderReport(["r"])
        for (const text of [
          "This run failed; what is shown is what was finished. Nodes: 1 failed, 1 skipped.",
          "the loss is NaN",
          "hint: lower the learning rate",
          "baseline under FGSM"
        ])
          assert.include(page, text)
      })
    )
  )

  it.effect("tells runs that were interrupted, killed, and go on from each other", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const nodes = [planned("a", "Table")]
        const events: ReadonlyArray<Event> = made("a", digestOf("x")).slice(0, 1)
        for (const [id, ended] of [
          ["i", "interrupted"],
          ["k", undefined],
          ["g", undefined]
        ] as const)
          tell(layout, { id, nodes, events, ended })
        assert.include(yield* renderReport(["i"]), "This run was interrupted")
        assert.include(yield* renderReport(["k"]), "its process was killed")
        yield* Effect.gen(function* () {
          yield* (yield* Leases).acquire(runLeaseKey("g"), "test")
          assert.include(yield* renderReport(["g"]), "This run goes on")
        }).pipe(Effect.scoped)
      })
    )
  )

  it.effect("of two runs has them side by side: params, metrics, tables, curves in one panel", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const first = yield* whole
        tell(layout, first)
        tell(layout, {
          ...first,
          id: "20260921-130000000-bbbb",
          params: { attack: { epsilon: 0.1, seed: 7 } },
          nodes: [...first.nodes, planned("more", "Table")],
          events: [...first.events, ...made("train", digestOf("another"), { training_loss: 0.2 })]
        })
        const page = yield* renderReport(["last~1", "last"])
        for (const text of [
          "attack.epsilon",
          "<code>0.3</code></td><td><code>0.1</code>",
          "Only in B: more",
          "The same in both: comparison.",
          "A · train",
          "B · train",
          '<td class="number">-0.1</td>'
        ])
          assert.include(page, text)
      })
    )
  )

  it.effect("runs nothing of what names, params, logs, errors, cells and captions say", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        tell(layout, yield* hostileRun)
        const page = yield* renderReport(["enemy"])
        // Every tag is one that we wrote: there is one script, and no handler. A value in quotes cannot leave them.
        assert.strictEqual(page.split("<script").length, 2)
        assert.notMatch(page.replace(/="[^"]*"/g, ""), /<[^>]*\son\w+\s*=/i)
        assert.notMatch(page, /<img(?! class="foreign")/)
        assert.notMatch(page, /(?:href|src)="(?!#|data:)/)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there
        assert.notMatch(page, /[\u0000-\u0008\u000b-\u001f\u007f\u202e\u2028\ufeff]/)
        assert.include(page, "&lt;script&gt;window.stolen = 1&lt;/script&gt;")
      })
    )
  )

  it.effect("stays small with lines of 100,000 characters, and a journal of 100,000 points", () =>
    inStore((layout) =>
      Effect.gen(function* () {
        const long = "x".repeat(100_000)
        const logs = Array.from(
          { length: 100 },
          (): Event => ({ _tag: "Log", at, node: "n", level: "info", message: long })
        )
        const points = Array.from({ length: 100_000 }, (_, step) => metric("n", "loss", Math.sin(step), step))
        tell(layout, {
          id: "r",
          nodes: [planned("n", "Model", { params: { text: long }, stage: long })],
          events: [...logs, ...points, ...made("n", digestOf("m"))],
          ended: "done"
        })
        const page = yield* renderReport(["r"])
        assert.isBelow(page.length, 80_000)
        assert.include(page, "99500 more characters")
      })
    )
  )
})
