/** The reference of the command line says what the commands say. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { expect, test } from "vitest"
import { cliReference } from "../../scripts/cli-reference.ts"
import { repository } from "../rig/project.ts"

test("docs/cli.md is up to date: node scripts/cli-reference.ts writes it", async () => {
  const text = readFileSync(join(repository, "docs/cli.md"), "utf8")
  expect(text).toBe(await Effect.runPromise(cliReference))
})
