/** The command `pipeline` and all that belong to it. */
import { Command } from "effect/cli"
import { artifacts } from "./commands/artifacts.ts"
import { doctor } from "./commands/doctor.ts"
import { graph } from "./commands/graph.ts"
import { init } from "./commands/init.ts"
import { list, stages } from "./commands/list.ts"
import { look } from "./commands/look.ts"
import { plan } from "./commands/plan.ts"
import { report } from "./commands/report.ts"
import { results } from "./commands/results.ts"
import { run } from "./commands/run.ts"
import { diff, runs, show } from "./commands/runs.ts"
import { times } from "./commands/times.ts"
import { track } from "./commands/track.ts"

export const root = Command.make("pipeline").pipe(
  Command.withDescription("Typed, cached pipelines for machine-learning experiments"),
  Command.withExamples([
    { command: "pipeline run mnist-advtrain --preset demo", description: "the first run; then run it again" }
  ]),
  Command.withSubcommands([
    run,
    plan,
    graph,
    list,
    stages,
    runs,
    show,
    diff,
    times,
    report,
    results,
    look,
    artifacts,
    track,
    doctor,
    init
  ])
)
