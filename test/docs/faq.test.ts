/** The errors that the FAQ explains are the program's. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../rig/project.ts"

const faq = readFileSync(join(repository, "docs/faq.md"), "utf8")
const messages = [...faq.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, body = ""]) =>
  body.trim().split("\n")
)

/** All texts of the program, without the backslashes before backticks. */
const source = readdirSync(join(repository, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(join(repository, "src", path), "utf8"))
  .join("\n")
  .replaceAll("\\`", "`")

test.each(messages)("%s", (message) => {
  // What stands between the parts differs from error to error; a template may go on in another text.
  for (const part of message.replace(/^hint: /, "").split(/…(?:: )?/))
    if (/\w/.test(part)) expect(source.includes(part), part).toBe(true)
})

test("there is something to hold", () => expect(messages.length).toBeGreaterThan(20))
