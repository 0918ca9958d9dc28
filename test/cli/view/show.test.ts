import { assert, describe, it } from "vitest"
import { newestFirst, runsText, summaryOfRun } from "../../../src/cli/view/runs.ts"
import { showText, type TextOptions } from "../../../src/cli/view/show.ts"
import { colourStyle, plainStyle } from "../../../src/cli/view/style.ts"
import { displayWidth, withoutAnsi } from "../../../src/cli/view/text.ts"
import { foldRun } from "../../../src/track/run-view.ts"
import { cached, failed, finished, log, metric, runStarted, started } from "../reporter/events.ts"
import { runA, runB } from "./runs.ts"

const options: TextOptions = { style: plainStyle, now: 2 * 3600 * 1000, width: 80 }
const withoutDate = (text: string) => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, "<date>")

describe("`pipeline show`", () => {
  it("has header, params, nodes, metrics, failures with their hints, and the sum", () => {
    assert.strictEqual(
      withoutDate(showText(runA, options)),
      `run       run-1  failed
pipeline  mnist-advtrain, preset demo
started   <date> (2 h ago)

params
  epochs          1
  attack.epsilon  0.3
  attack.steps    40
  filters         [32, 64]

node            state      time  artifact     size  why
train           cached           116f54c4           saved 12m 03s
robust          ran      6m 12s  3f650dce  2.0 KiB  params changed: attack.seed…
robustAttacked  failed    3.0 s                     \`pgd\` produced NaN at step …
robustReport    skipped                             needs \`robustAttacked\`

metrics
  node    metric     value  curve
  train   images     60000
  robust  loss        0.02  █▃▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
          accuracy  0.9871
          spread       NaN

fail  robustAttacked  \`pgd\` produced NaN at step 17 (image 4021)
      and more

hint: lower \`learningRate\`

1 cached, 1 run, 1 failed, 2 not started in 6m 20s, saved 12m 03s
`
    )
  })

  it("says the same in colour, and nothing is cut for a pipe", () => {
    assert.strictEqual(
      withoutAnsi(showText(runA, { ...options, style: colourStyle })),
      showText(runA, options)
    )
    assert.notInclude(showText(runA, { ...options, width: undefined }), "…")
  })

  it("tells of a run that goes on", () => {
    const text = showText(
      foldRun([runStarted(3), started("a", 0), cached("b", 0)], [], { alive: true, now: 5000 }),
      options
    )
    assert.match(text, /^run +run-1 {2}running$/m)
    assert.match(text, /^a +running +5\.0 s +no earlier run$/m)
    assert.include(text, "1 cached, 1 running, 1 not started in 5.0 s")
  })

  it("says which attempt it was, and that the artifact is the old one", () => {
    const text = showText(
      foldRun([
        runStarted(1),
        started("a", 0),
        failed("a", 1, "x", undefined, true),
        started("a", 2, "forced", 2),
        finished("a", 3, 1, {}, true)
      ]),
      { ...options, width: 120 }
    )
    assert.include(text, "attempt 2, forced, same artifact as before")
    assert.notInclude(text, "\nfail ")
  })

  it("lets no control character through, whatever the journal says", () => {
    const evil = "\u001b[2J\u0007\u202eevil"
    const view = foldRun([
      runStarted(1),
      started(evil, 0, evil),
      metric(evil, 0, evil, 1),
      log(evil, 0, evil),
      failed(evil, 1, evil, evil)
    ])
    const text = showText(
      { ...view, id: evil, pipeline: evil, preset: evil, params: { [evil]: evil } },
      options
    )
    assert.notMatch(text.replaceAll("\n", ""), /[\p{Cc}\u202e]/u)
  })

  it("keeps its tables within the terminal", () => {
    for (const width of [70, 80, 120]) {
      const tables = showText(runA, { ...options, width }).split("\nfail ")[0] ?? ""
      for (const line of tables.split("\n")) assert.isAtMost(displayWidth(line), width)
    }
  })

  it("marks the best value of a curve where the last one is worse", () => {
    const text = showText(
      foldRun([
        runStarted(1),
        started("a", 0),
        ...[0.5, 0.9, 0.8].map((value, step) => metric("a", step, "accuracy", value, step)),
        ...[0.5, 0.4, 0.3].map((value, step) => metric("a", step, "loss", value, step))
      ]),
      options
    )
    assert.match(text, /^ +a +accuracy +0\.8 +0\.9 at 1 +▁█▆$/m)
    assert.match(text, /^ +loss +0\.3 +█▅▁$/m)
  })

  it("shows 10,000 nodes", () => {
    const events = Array.from({ length: 10_000 }, (_, index) =>
      cached(`node/${index}`, 0, 1, { accuracy: 0.5 })
    )
    const view = foldRun([runStarted(10_000), ...events])
    assert.isAbove(showText(view, options).length, 10_000)
  })
})

describe("`pipeline runs`", () => {
  it("lists runs, newest first, a line each", () => {
    const older = { ...summaryOfRun(runA), id: "run-0", startedAt: -3_600_000 }
    assert.strictEqual(
      runsText([older, summaryOfRun(runA)], { ...options, width: 120 }),
      `run    pipeline        preset  status  started    took  nodes
run-1  mnist-advtrain  demo    failed  2 h ago  6m 20s  1 cached, 1 ran, 1 failed, 1 skipped
run-0  mnist-advtrain  demo    failed  3 h ago  6m 20s  1 cached, 1 ran, 1 failed, 1 skipped
`
    )
  })

  it("says so when there are none", () => {
    assert.strictEqual(runsText([], options), "no runs yet\n")
  })

  it("has no nodes and no params in a summary", () => {
    assert.doesNotHaveAnyKeys(summaryOfRun(runB), ["nodes", "params"])
    assert.deepStrictEqual(
      newestFirst([summaryOfRun(runA), summaryOfRun(runB)]).map(({ id }) => id),
      ["run-2", "run-1"]
    )
  })
})
