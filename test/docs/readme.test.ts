/** The pipeline of one's own in the README works as it stands there, and what it links to exists. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { repository } from "../rig/project.ts"
import { follow, Reader } from "../rig/walkthrough.ts"

const text = readFileSync(join(repository, "README.md"), "utf8")
const reader = new Reader()
afterAll(() => reader.remove())

test("a pipeline of one's own", { timeout: 60_000 }, async () => {
  const [, section = ""] = /^## A pipeline of your own\n([\s\S]*?)^## /m.exec(text) ?? []
  expect(await follow(reader, section)).toBeGreaterThan(3)
})

test("the two commands are there, exactly", () => {
  expect(text).toContain("```console\n$ ./bin/pipeline run mnist-advtrain --preset demo\n$ npm test\n```\n")
})

test.each([...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, path = ""]) => path))(
  "%s is there",
  (path) => expect(existsSync(join(repository, path))).toBe(true)
)
