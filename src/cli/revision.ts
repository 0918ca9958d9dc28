/** The project's version control: which commit it is at, and whether its files are that commit's. */
import { execFile } from "node:child_process"
import { Effect, Option } from "effect"
import type { Revision } from "../artifact/action.ts"

/** Nothing where there is no git, or the project is in no repository. Files that git does not know do not count. */
export const revisionOf = (directory: string): Effect.Effect<Revision | undefined> =>
  Effect.callback((resume) => {
    const args = ["--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    const git = execFile("git", args, { cwd: directory, maxBuffer: 1 << 26 }, (error, output) =>
      resume(Effect.succeed(error === null ? parseStatus(output) : undefined))
    )
    return Effect.sync(() => void git.kill())
  })

/** @param output of `git status --porcelain=v2 --branch`: headers begin with `#`, and every other line is a change */
export const parseStatus = (output: string): Revision | undefined => {
  const lines = output.split("\n").filter((line) => line !== "")
  const header = (name: string) =>
    Option.fromUndefinedOr(lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3))
  const commit = Option.getOrUndefined(header("branch.oid"))
  // A repository without a commit says `(initial)`.
  if (commit === undefined || !/^[0-9a-f]+$/.test(commit)) return undefined
  const branch = Option.filter(header("branch.head"), (name) => name !== "(detached)")
  return {
    commit,
    ...(Option.isSome(branch) ? { branch: branch.value } : {}),
    dirty: lines.some((line) => !line.startsWith("#"))
  }
}
