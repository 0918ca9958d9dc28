import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Sweep } from "../../../src/artifact/kinds/sweep.ts"
import {
  gridOfEvaluation,
  gridOfSweep,
  gridOfTable,
  tablesTag,
  tableUpload
} from "../../../src/track/content/table.ts"
import { uploadText } from "./upload-bytes.ts"

const trial = (set: string, count: number, correct: number): Sweep["points"][number]["trials"][number] => ({
  set,
  count,
  correct,
  perClass: [],
  confidence: 0.75,
  wrongConfidence: null,
  loss: 1.5
})

describe("a table for MLflow", () => {
  it.effect("is JSON as pandas splits it: missing numbers are null, infinities are text", () =>
    Effect.gen(function* () {
      const upload = tableUpload("table.json", {
        columns: ["name", "value"],
        rows: [
          ["a", Number.NaN],
          ["b", Number.POSITIVE_INFINITY],
          [null, 0.5],
          ["c", Number.NEGATIVE_INFINITY]
        ]
      })
      assert.strictEqual(upload.contentType, "application/json")
      assert.strictEqual(
        yield* uploadText(upload),
        '{"columns":["name","value"],"data":[["a",null],["b","Infinity"],[null,0.5],["c","-Infinity"]]}'
      )
    })
  )

  it.effect("has columns of different names", () =>
    Effect.gen(function* () {
      const columns = ["loss", "loss", "loss 2", "loss"]
      assert.strictEqual(
        yield* uploadText(tableUpload("table.json", { columns, rows: [] })),
        '{"columns":["loss","loss 2","loss 2 2","loss 3"],"data":[]}'
      )
    })
  )

  it("is named in the tag that MLflow's UI reads, and no tag says that there is none", () => {
    assert.deepStrictEqual(tablesTag(["a.json", "b.json"]), {
      "mlflow.loggedArtifacts": '[{"path":"a.json","type":"table"},{"path":"b.json","type":"table"}]'
    })
    assert.deepStrictEqual(tablesTag([]), {})
  })

  it("of an evaluation has a row for each class and one for all; nothing of nothing is no share", () => {
    const perClass = [
      { name: "0", count: 4, correct: 3 },
      { name: "1", count: 0, correct: 0 }
    ]
    assert.deepStrictEqual(gridOfEvaluation({ title: "t", count: 4, correct: 3, perClass, metrics: {} }), {
      columns: ["class", "images", "correct", "accuracy"],
      rows: [
        ["0", 4, 3, 0.75],
        ["1", 0, 0, null],
        ["all", 4, 3, 0.75]
      ]
    })
  })

  it("of a sweep has a row for each epsilon and set", () => {
    const points = [
      { epsilon: 0, trials: [trial("test", 8, 8), trial("seed 1", 4, 2)] },
      { epsilon: 0.3, trials: [trial("test", 8, 2), trial("seed 1", 4, 0)] }
    ]
    const { columns, rows } = gridOfSweep({
      title: "t",
      network: "n",
      source: "transfer",
      attack: {},
      points
    })
    const chosen = ["epsilon", "set", "threat model", "accuracy"].map((name) => columns.indexOf(name))
    assert.deepStrictEqual(
      rows.map((cells) => chosen.map((column) => cells[column])),
      [
        [0, "test", "transfer", 1],
        [0, "seed 1", "transfer", 0.5],
        [0.3, "test", "transfer", 0.25],
        [0.3, "seed 1", "transfer", 0]
      ]
    )
  })

  it("of a table artifact has its columns by name", () => {
    const grid = gridOfTable({
      title: "t",
      columns: [
        { name: "a", type: "number", unit: "s" },
        { name: "b", type: "text" }
      ],
      rows: [[1, "x"]]
    })
    assert.deepStrictEqual(grid, { columns: ["a", "b"], rows: [[1, "x"]] })
  })
})
