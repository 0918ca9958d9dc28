/** Says how much work a run is, beside a run of full size: how far its numbers may be from the full ones, and what those cost. */
import { Schema } from "effect"
import { Table } from "../src/artifact/index.ts"
import { Stage } from "../src/stage/index.ts"

const Amount = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

export const workTable = Stage.make("work-table", {
  inputs: {},
  params: Schema.Struct({
    title: Schema.String,
    /** What the full size is called, such as the preset that has it. */
    fullSize: Schema.String,
    rows: Schema.Array(Schema.Struct({ what: Schema.String, here: Amount, full: Amount })),
    /** Estimates for one core. */
    coreHours: Schema.Struct({ here: Amount, full: Amount })
  }),
  output: Table,

  *run(_, { title, fullSize, rows, coreHours }) {
    const all = [...rows, { what: "hours of one core, estimated", ...coreHours }]
    return {
      title,
      columns: [
        { name: "what", type: "text" as const },
        { name: "here", type: "number" as const },
        { name: fullSize, type: "number" as const },
        { name: "share", type: "number" as const, unit: "share" }
      ],
      rows: all.map(({ what, here, full }) => [what, here, full, full === 0 ? null : here / full])
    }
  }
})
