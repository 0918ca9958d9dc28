/**
 * The checks of several models in one table: a row for each model, a column for each check with the epsilons that it was made
 * at, and what failed in words. Made of tables of the stage `hygiene`.
 */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Metrics, Stage } from "../src/stage/index.ts"

/** A table that is not one of `hygiene`. */
export class NoChecks extends Schema.TaggedError<NoChecks>()("NoChecks", { table: Schema.String }) {
  override get message() {
    return `table \`${this.table}\` lacks one of the columns \`check\`, \`passed\`, \`compared at\` and \`what was found\``
  }
  get hint() {
    return "wire tables of the stage `hygiene`"
  }
}

export const checkSummary = Stage.make("check-summary", {
  inputs: { checks: Stage.record(Table) },
  params: Schema.Struct({ title: Schema.String }),
  output: Table,

  *run({ checks }, { title }) {
    const models: Array<{ readonly name: string; readonly found: ReadonlyArray<Found> }> = []
    for (const [name, table] of Object.entries(checks))
      models.push({ name, found: yield* foundIn(name, table) })
    const names = [...new Set(models.flatMap(({ found }) => found.map(({ check }) => check)))]
    const failures = models.map(({ found }) => found.filter(({ passed }) => passed === false))
    yield* Metrics.log("checks_failed", failures.flat().length)
    return {
      title,
      columns: [
        { name: "model", type: "text" as const },
        ...names.map((name) => ({ name, type: "text" as const })),
        { name: "what failed", type: "text" as const }
      ],
      rows: models.map(({ name, found }, model) => [
        name,
        ...names.map((check) => verdict(found.filter((each) => each.check === check))),
        (failures[model] ?? []).map(({ sentence }) => sentence).join(" ")
      ])
    }
  }
})

interface Found {
  readonly check: string
  /** `null`: nothing was compared. */
  readonly passed: boolean | null
  /** Epsilons, with commas between them. */
  readonly comparedAt: string
  readonly sentence: string
}

const foundIn = function* (name: string, { columns, rows }: Table) {
  const place = (column: string) => columns.findIndex((each) => each.name === column)
  const [check, passed, comparedAt, sentence] = [
    place("check"),
    place("passed"),
    place("compared at"),
    place("what was found")
  ]
  if ([check, passed, comparedAt, sentence].includes(-1)) return yield* new NoChecks({ table: name })
  return rows.map((row): Found => {
    const verdict = row[passed]
    return {
      check: String(row[check]),
      passed: typeof verdict === "boolean" ? verdict : null,
      comparedAt: String(row[comparedAt]),
      sentence: String(row[sentence])
    }
  })
}

/** Of a check that was made several times, the worst, and all epsilons: `passed at 0.1, 0.3`. */
const verdict = (found: ReadonlyArray<Found>): string => {
  const made = found.filter(({ passed }) => passed !== null)
  if (made.length === 0) return "not compared"
  const epsilons = [...new Set(made.flatMap(({ comparedAt }) => comparedAt.split(", ")))].join(", ")
  return `${made.some(({ passed }) => passed === false) ? "failed" : "passed"} at ${epsilons}`
}
