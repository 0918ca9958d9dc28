/** The tutorial, followed to the letter. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { repository } from "../rig/project.ts"
import { follow, Reader, shows } from "../rig/walkthrough.ts"

const reader = new Reader()
afterAll(() => reader.remove())

// Whatever listens on this machine, nothing answers on port 9.
const text = readFileSync(join(repository, "docs/tutorial.md"), "utf8").replaceAll(":5000", ":9")

test("what the tutorial says is what happens", { timeout: 120_000 }, async () => {
  expect(await follow(reader, text)).toBeGreaterThan(15)
})

describe("a shown output", () => {
  test.each([
    [["a 1.2 s", "b"], "a 31 ms\nb\n", true],
    [["a", "…", "d"], "a\nb\nc\nd\n", true],
    [["a", "…", "d"], "a\nd\n", true],
    [["a", "d"], "a\nb\nd\n", false],
    [["accuracy 0.60156"], "accuracy 0.59375\n", true],
    [["accuracy 1"], "accuracy 0.59375\n", false],
    [[], "", true],
    [[], "an error\n", false]
  ])("%j is compared with %j: %s", (expected, output, same) => {
    expect(shows(expected, output)).toBe(same)
  })
})
