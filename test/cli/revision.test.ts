/** The project's commit, as git tells it. */
import { execFileSync } from "node:child_process"
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { parseStatus, revisionOf } from "../../src/cli/revision.ts"
import { scratchDirectory } from "../rig/scratch-store.ts"

const repository = Effect.map(scratchDirectory, (directory) => {
  const git = (...args: ReadonlyArray<string>) =>
    execFileSync("git", ["-C", directory, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
      encoding: "utf8"
    })
  git("init", "--quiet", "--initial-branch", "study")
  return { directory, git }
})

describe("a revision", () => {
  it.effect("is the commit and the branch; changes count, files that git does not know do not", () =>
    Effect.gen(function* () {
      const { directory, git } = yield* repository
      assert.isUndefined(yield* revisionOf(directory))
      const file = join(directory, "a file")
      writeFileSync(file, "one")
      git("add", "a file")
      git("commit", "--quiet", "-m", "first")
      writeFileSync(join(directory, "untracked"), "")
      const commit = git("rev-parse", "HEAD").trim()
      assert.deepStrictEqual(yield* revisionOf(directory), { commit, branch: "study", dirty: false })
      appendFileSync(file, "two")
      assert.deepStrictEqual(yield* revisionOf(directory), { commit, branch: "study", dirty: true })
      git("checkout", "--quiet", "--detach", "--force", "HEAD")
      assert.deepStrictEqual(yield* revisionOf(directory), { commit, dirty: false })
    }).pipe(Effect.scoped)
  )

  it.effect("is unknown outside of a repository", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* revisionOf(yield* scratchDirectory))
      assert.isUndefined(yield* revisionOf("/no/such/directory"))
    }).pipe(Effect.scoped)
  )

  it("is not made of what is no status", () => {
    assert.isUndefined(parseStatus(""))
    assert.isUndefined(parseStatus("# branch.oid (initial)\n# branch.head main\n"))
  })
})
