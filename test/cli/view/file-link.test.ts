import { assert, describe, it } from "@effect/vitest"
import { fileLink } from "../../../src/cli/view/file-link.ts"

describe("fileLink", () => {
  it("is the path alone for programs", () => {
    assert.strictEqual(fileLink("/a b/r.html", false), "/a b/r.html")
  })

  it("has the file's address for terminals", () => {
    assert.strictEqual(
      fileLink("/a b/r.html", true),
      "\u001b]8;;file:///a%20b/r.html\u001b\\/a b/r.html\u001b]8;;\u001b\\"
    )
  })

  it("ends where it should, whatever the path holds", () => {
    const link = fileLink("/x\u001b\\\u001b]8;;http://evil\u0007y", true)
    assert.strictEqual(link.split("\u001b]8;;").length, 3)
    assert.notInclude(link, "\u0007")
  })
})
