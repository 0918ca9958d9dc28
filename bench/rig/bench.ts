/** What a benchmark is: a name to call it by, and what it does. */
import type { Report } from "./report.ts"

export interface Bench {
  readonly name: string
  readonly run: (report: Report) => Promise<void>
}
