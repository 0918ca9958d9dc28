import { Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { diffRuns, isEmptyDiff } from "../../../src/cli/view/diff.ts"
import { diffText } from "../../../src/cli/view/diff-text.ts"
import { listText, type PipelineListing } from "../../../src/cli/view/list.ts"
import { valueText } from "../../../src/cli/view/params.ts"
import type { TextOptions } from "../../../src/cli/view/show.ts"
import { colourStyle, plainStyle } from "../../../src/cli/view/style.ts"
import { jsonLine, jsonText } from "../../../src/text/json.ts"
import { leaves } from "../../../src/text/leaves.ts"
import { encodeRunView, foldRun, RunView } from "../../../src/track/run-view.ts"
import { anyEvent, cached, runStarted } from "../reporter/events.ts"
import { runA, runB } from "./runs.ts"

const options: TextOptions = { style: plainStyle, now: 2 * 3600 * 1000, width: 80 }

describe("`pipeline diff`", () => {
  it("puts params, states, artifacts and metrics that differ side by side", () => {
    assert.strictEqual(
      diffText(diffRuns(runA, runB), options),
      `a  run-1  mnist-advtrain  demo  failed  2 h ago  6m 20s
b  run-2  mnist-advtrain  demo  failed  2 h ago  6m 20s

param   a  b
epochs  1  2

node    what      a         b         b - a
robust  artifact  3f650dce  d9298a10
        loss      0.02      0.03      +0.01
        f1        –         0.5

only in b  extra

3 nodes are the same
`
    )
  })

  it("lets the better of two metrics stand out", () => {
    const text = diffText(diffRuns(runA, runB), { ...options, style: colourStyle })
    assert.include(text, colourStyle.bold("0.02"))
    for (const other of ["0.03", "0.5"]) assert.notInclude(text, colourStyle.bold(other))
  })

  it("finds no difference between a run and itself, NaN included", () => {
    const diff = diffRuns(runA, runA)
    assert.isTrue(isEmptyDiff(diff))
    assert.strictEqual(diff.same, 4)
    assert.match(diffText(diff, options), /\nno differences\n$/)
  })

  it("is typed for machines", () => {
    const diff = diffRuns(runA, runB)
    assert.deepStrictEqual(diff.params, [{ name: "epochs", a: 1, b: 2 }])
    assert.deepStrictEqual(diff.onlyInB, ["extra"])
    assert.deepStrictEqual(diff.nodes[0]?.metrics, [
      { name: "loss", a: 0.02, b: 0.03 },
      { name: "f1", b: 0.5 }
    ])
  })

  it("tells a node that was cached in one run and ran in the other", () => {
    const a = foldRun([runStarted(1), cached("x")])
    const b = foldRun(
      [runStarted(1)],
      [{ name: "x", stage: "s", kind: "Model", params: { k: 1 }, inputs: {} }]
    )
    assert.deepStrictEqual(diffRuns(a, b).nodes[0]?.state, { a: "cached", b: "skipped" })
    assert.deepStrictEqual(diffRuns(a, b).nodes[0]?.params, [{ name: "k", b: 1 }])
  })

  it("says the mirror image of what the other order says", () => {
    const run = fc.array(anyEvent, { maxLength: 20 }).map((events) => foldRun(events))
    fc.assert(
      fc.property(run, run, (a, b) => {
        const forth = diffRuns(a, b)
        const back = diffRuns(b, a)
        assert.deepStrictEqual(forth.onlyInA, back.onlyInB)
        assert.strictEqual(forth.same, back.same)
        assert.strictEqual(forth.nodes.length, back.nodes.length)
        assert.isTrue(isEmptyDiff(diffRuns(a, a)))
        assert.isString(diffText(forth, options))
      })
    )
  })
})

describe("params", () => {
  it("are a list of paths, where a list of plain values is one value", () => {
    const params = { a: { b: 1, c: [1, 2] }, d: [{ e: "x" }, { e: null }], f: {}, g: [] }
    assert.deepStrictEqual(
      leaves(params).map(({ path, value }) => `${path}=${valueText(value)}`),
      ["a.b=1", "a.c=[1, 2]", "d.0.e=x", "d.1.e=null", "f={}", "g=[]"]
    )
    assert.deepStrictEqual(leaves({}), [])
  })

  it("are written in full: two that differ in the last digit look different", () => {
    assert.strictEqual(valueText(0.1 + 0.2), "0.30000000000000004")
    assert.strictEqual(valueText(""), '""')
    assert.strictEqual(valueText("a\u001b[2Jb\n"), "ab\\n")
    assert.strictEqual(valueText(undefined), "–")
  })
})

describe("JSON for machines", () => {
  const decode = Schema.decodeUnknownSync(Schema.toCodecJson(RunView))

  it("decodes to what the schema's own encoding decodes to", () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        const view = foldRun(events)
        assert.deepStrictEqual(
          decode(JSON.parse(jsonLine(view))),
          decode(JSON.parse(jsonText(encodeRunView(view))))
        )
      })
    )
  })
})

describe("`pipeline list`", () => {
  const listing: PipelineListing = {
    name: "mnist-advtrain",
    description: "Adversarial training on MNIST",
    defaultPreset: "demo",
    presets: {
      demo: { epochs: 1, attack: { epsilon: 0.3 } },
      paper: { epochs: 100, attack: { epsilon: 0.3, steps: 40 } }
    }
  }

  it("has a column per preset and a row per param", () => {
    assert.strictEqual(
      listText([listing], options),
      `mnist-advtrain
  Adversarial training on MNIST
  param           demo (default)  paper
  epochs          1               100
  attack.epsilon  0.3             0.3
  attack.steps    –               40
`
    )
  })

  it("names the presets of a pipeline without params", () => {
    assert.include(
      listText([{ ...listing, presets: { demo: {}, paper: {} } }], options),
      "presets: demo (default), paper"
    )
  })

  it("lists a pipeline that cannot be loaded, with the reason", () => {
    assert.strictEqual(
      listText([{ ...listing, problem: "SyntaxError: x\nat y" }, listing], options).split("\n\n")[0],
      "mnist-advtrain  cannot be loaded\n  SyntaxError: x\n  at y"
    )
  })

  it("says where pipelines come from when there are none", () => {
    assert.strictEqual(listText([], options), "no pipelines: each is a file in `pipelines/`\n")
  })
})
