import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { colourStyle } from "../../../src/cli/view/style.ts"
import {
  displayWidth,
  harmless,
  harmlessLines,
  padEnd,
  padStart,
  truncate,
  withoutAnsi
} from "../../../src/cli/view/text.ts"

const { red, bold } = colourStyle
const anyText = fc.string({ unit: "binary" })

describe("the width of a text", () => {
  it("is what a terminal takes for it", () => {
    const table: ReadonlyArray<readonly [string, number]> = [
      ["", 0],
      ["train", 5],
      ["ε = 0.1", 7],
      ["e\u0301", 1],
      ["模型", 4],
      ["ｗｉｄｅ", 8],
      ["한국", 4],
      ["👍", 2],
      ["👩‍👩‍👧", 2],
      ["🇩🇪", 2],
      ["❤️", 2],
      ["é", 1],
      ["█░─│", 4],
      [red("red"), 3],
      ["\u001b]8;;https://example.org\u0007link\u001b]8;;\u0007", 4],
      ["\u200b", 0]
    ]
    for (const [text, width] of table) assert.strictEqual(displayWidth(text), width, JSON.stringify(text))
  })
})

describe("a text that is cut", () => {
  it("ends with an ellipsis and is no wider than asked", () => {
    assert.strictEqual(truncate("robustAttacked", 8), "robustA…")
    assert.strictEqual(truncate("robust", 6), "robust")
    assert.strictEqual(truncate("robust", 1), "…")
    assert.strictEqual(truncate("robust", 0), "")
    assert.strictEqual(truncate("模型模型", 4), "模…")
    assert.strictEqual(truncate("e\u0301e\u0301e\u0301", 2), "e\u0301…")
  })

  it("ends its colour where it was cut", () => {
    assert.strictEqual(truncate(red("robust"), 4), "\u001b[31mrob…\u001b[0m")
    assert.strictEqual(truncate(`${red("ab")}cdef`, 4), "\u001b[31mab\u001b[39mc…\u001b[0m")
    assert.strictEqual(truncate(bold("fits"), 4), bold("fits"))
  })

  it("fits and loses nothing that fits, whatever it says", () => {
    fc.assert(
      fc.property(anyText, fc.nat(20), (text, width) => {
        const safe = harmless(text)
        const cut = truncate(safe, width)
        assert.isAtMost(displayWidth(cut), width)
        if (displayWidth(safe) <= width) assert.strictEqual(cut, safe)
      })
    )
  })
})

describe("a padded text", () => {
  it("is as wide as asked, colours and wide characters included", () => {
    for (const text of ["a", "模", red("a"), "e\u0301"]) {
      assert.strictEqual(displayWidth(padEnd(text, 5)), 5)
      assert.strictEqual(displayWidth(padStart(text, 5)), 5)
    }
    assert.strictEqual(padEnd("longer", 3), "longer")
    assert.strictEqual(padStart("7", 3), "  7")
  })
})

describe("a harmless text", () => {
  it("keeps what people write", () => {
    for (const text of ["train", "ε → 0.1", "模型 👍", "naïve", "`pgd` [x] \\n"])
      assert.strictEqual(harmless(text), text)
  })

  it("drops escape sequences and spells other control characters out", () => {
    const table: ReadonlyArray<readonly [string, string]> = [
      ["a\nb", "a\\nb"],
      ["a\r\nb", "a\\r\\nb"],
      ["a\tb", "a b"],
      ["\u001b[31mred\u001b[0m", "red"],
      ["\u001b[2J\u001b[10A\u001b[?25lx", "x"],
      ["\u001b]0;title\u0007x", "x"],
      ["\u001b]0;open", "\\x1b]0;open"],
      ["\u001b7x\u001b8", "x"],
      ["bell\u0007", "bell\\x07"],
      ["nul\u0000", "nul\\x00"],
      ["c1\u009b2J", "c1\\x9b2J"],
      ["abc\u202edef", "abc\\u202edef"],
      ["lone \ud800", "lone \\ud800"],
      ["line\u2028end", "line\\u2028end"]
    ]
    for (const [text, expected] of table) assert.strictEqual(harmless(text), expected, JSON.stringify(text))
  })

  it("has no control character left, whatever it was", () => {
    const hostile = fc.array(
      fc.constantFrom("\u001b", "[", "]", "?", "2", ";", "J", "\u0007", "\u009b", "\n", "\\", "a")
    )
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          hostile.map((parts) => parts.join(""))
        ),
        (text) => {
          assert.notMatch(harmless(text), /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e]/u)
        }
      )
    )
  })

  it("keeps lines apart where lines are wanted", () => {
    assert.deepStrictEqual(harmlessLines("one\r\ntwo\u0007\n\nthree\n"), ["one", "two\\x07", "", "three"])
  })

  it("is what is left without its colours", () => {
    assert.strictEqual(withoutAnsi(`${red("a")}${bold("b")}`), "ab")
  })
})
