import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { colourStyle, plainStyle, stateWord, styleFor, wantsColour } from "../../../src/cli/view/style.ts"
import { table } from "../../../src/cli/view/table.ts"
import { displayWidth, harmless, withoutAnsi } from "../../../src/cli/view/text.ts"

const columns = [
  { head: "node", shrinkTo: 6 },
  { head: "time", align: "right" },
  { head: "why", shrinkTo: 4 }
] as const

describe("a table", () => {
  it("lines up, with numbers on the right and no blanks at the end", () => {
    assert.deepStrictEqual(
      table(columns, [
        ["train", "412 ms", ""],
        ["robustAttacked", "3.2 s", "input changed"]
      ]),
      ["node              time  why", "train           412 ms", "robustAttacked   3.2 s  input changed"]
    )
  })

  it("cuts the widest column that may be cut until it fits", () => {
    assert.deepStrictEqual(
      table(columns, [["robustAttacked", "3.2 s", "input changed: model"]], { width: 30 }),
      ["node         time  why", "robustAtt…  3.2 s  input chan…"]
    )
  })

  it("leaves out a column that is empty in every row", () => {
    assert.deepStrictEqual(table(columns, [["a", "", "x"]]), ["node  why", "a     x"])
    assert.deepStrictEqual(table(columns, []), [])
  })

  it("has no head line where no column has a head", () => {
    assert.deepStrictEqual(table([{ head: "" }, { head: "" }], [["a", "b"]], { indent: "  " }), ["  a  b"])
  })

  it("lines up under colours and wide characters", () => {
    const coloured = table(columns, [
      [colourStyle.red("模型"), "1", "x"],
      ["abcde", "22", "y"]
    ])
    assert.deepStrictEqual(coloured.map(withoutAnsi), [
      "node   time  why",
      "模型      1  x",
      "abcde    22  y"
    ])
  })

  it("fits the width whenever its columns can shrink that far", () => {
    const cell = fc.string({ unit: "binary", maxLength: 30 }).map(harmless)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }),
        fc.integer({ min: 20, max: 60 }),
        (rows, width) => {
          const shrinking = [1, 2, 3].map((index) => ({ head: `h${index}`, shrinkTo: 4 }))
          for (const line of table(shrinking, rows, { width })) assert.isAtMost(displayWidth(line), width)
        }
      )
    )
  })
})

describe("colour", () => {
  it("is on for a terminal, off for a pipe, and what the environment says", () => {
    assert.isTrue(wantsColour({}, true))
    assert.isFalse(wantsColour({}, false))
    assert.isFalse(wantsColour({ TERM: "dumb" }, true))
    assert.isFalse(wantsColour({ NO_COLOR: "1" }, true))
    assert.isTrue(wantsColour({ NO_COLOR: "" }, true))
    assert.isTrue(wantsColour({ FORCE_COLOR: "1" }, false))
    assert.isFalse(wantsColour({ FORCE_COLOR: "0" }, true))
    assert.isFalse(wantsColour({ NO_COLOR: "1", FORCE_COLOR: "1" }, true))
    assert.strictEqual(styleFor({}, false), plainStyle)
  })

  it("never changes a word", () => {
    for (const word of ["cached", "failed", "run      ", "unheard-of", ""]) {
      assert.strictEqual(withoutAnsi(stateWord(colourStyle, word)), word)
      assert.strictEqual(stateWord(plainStyle, word), word)
    }
    assert.notStrictEqual(stateWord(colourStyle, "failed"), "failed")
  })
})
