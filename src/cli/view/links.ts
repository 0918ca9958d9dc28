/** Addresses of pages in MLflow, one on a line and never cut, so that a terminal makes links of them. */
import type { TrackedRun } from "../../track/upload/tracked.ts"
import { table } from "./table.ts"
import { harmless } from "./text.ts"

const block = (lines: ReadonlyArray<string>): string => (lines.length === 0 ? "" : `\n${lines.join("\n")}\n`)

/** Empty where none of the runs is on a server. */
export const linksText = (
  runs: ReadonlyArray<readonly [run: string, pages: ReadonlyArray<TrackedRun>]>
): string => {
  const rows = runs.flatMap(([run, pages]) =>
    pages.map(({ url, complete }) => [harmless(run), harmless(url), complete ? "" : "not sent whole yet"])
  )
  return block(table([{ head: "" }, { head: "" }, { head: "" }], rows))
}

export const comparedText = (urls: ReadonlyArray<string>): string =>
  block(urls.map((url) => `side by side  ${harmless(url)}`))
