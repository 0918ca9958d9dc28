/** Runs: created once, changed, found. */
import { Effect } from "effect"
import { Answers, type Run, runOf } from "./answers.ts"
import { batchesOf } from "./batches.ts"
import type { MlflowShape } from "./client.ts"
import { tagFilter, withTag } from "./once.ts"
import { allPages } from "./pages.ts"
import type { RunSearch, Texts } from "./requests.ts"
import { createdOnce } from "./retry.ts"
import { shortened, storable } from "./text.ts"
import type { Call, Transport } from "./transport.ts"

type Runs = Pick<MlflowShape, "createRun" | "run" | "updateRun" | "restoreRun" | "searchRuns" | "runsTagged">

const path = "/api/2.0/mlflow/runs"
const newestFirst = ["attributes.start_time DESC"]

export const makeRuns = (transport: Transport): Runs => {
  const searchCall = (search: RunSearch, token: string): Call => ({
    action: "search runs",
    method: "POST",
    path: `${path}/search`,
    json: {
      filter: search.filter ?? "",
      run_view_type: search.withDeleted === true ? "ALL" : "ACTIVE_ONLY",
      max_results: Math.min(search.most ?? 1000, 1000),
      order_by: search.orderBy ?? newestFirst,
      ...(token === "" ? {} : { page_token: token }),
      experiment_ids: search.experimentIds
    }
  })

  const searchRuns: Runs["searchRuns"] = (search) =>
    allPages(
      (token) =>
        Effect.map(transport.call(searchCall(search, token), Answers.runs), ({ runs, next_page_token }) => ({
          items: runs.map(runOf),
          next: next_page_token
        })),
      search.most ?? 1000
    )

  return {
    searchRuns,
    runsTagged: (experimentIds, once) => searchRuns({ experimentIds, filter: tagFilter(once) }),

    createRun: Effect.fnUntraced(function* ({ experimentId, name, startTime, tags, once, mayExist }) {
      const runName = shortened(storable(name), 250)
      const json = {
        start_time: Math.trunc(startTime),
        run_name: runName,
        tags: yield* checkedTags({ ...withTag(once, tags), "mlflow.runName": runName }),
        experiment_id: experimentId
      }
      const action = `create run \`${name}\``
      const find = Effect.map(
        transport.attempt(
          searchCall({ experimentIds: [experimentId], filter: tagFilter(once), most: 1 }, ""),
          Answers.runs
        ),
        ({ runs: [found] }) => (found === undefined ? undefined : runOf(found))
      )
      const create = Effect.map(
        transport.attempt({ action, method: "POST", path: `${path}/create`, json }, Answers.run),
        ({ run }): Run => runOf(run)
      )
      return yield* createdOnce(transport.retry, { find, create, mayExist })
    }),

    run: (id) =>
      Effect.map(
        transport.call(
          { action: `read run ${id}`, method: "GET", path: `${path}/get`, query: [["run_id", id]] },
          Answers.run
        ),
        ({ run }) => runOf(run)
      ),

    updateRun: (id, { status, endTime, name }) =>
      Effect.asVoid(
        transport.call(
          {
            action: `update run ${id}`,
            method: "POST",
            path: `${path}/update`,
            json: {
              ...(status === undefined ? {} : { status }),
              ...(endTime === undefined ? {} : { end_time: Math.trunc(endTime) }),
              ...(name === undefined ? {} : { run_name: shortened(storable(name), 250) }),
              run_id: id
            }
          },
          Answers.nothing
        )
      ),

    restoreRun: (id) =>
      Effect.asVoid(
        transport.call(
          { action: `restore run ${id}`, method: "POST", path: `${path}/restore`, json: { run_id: id } },
          Answers.nothing
        )
      )
  }
}

/** A creation is not checked by the server as logging is: what is too long fails in some databases, or is cut. */
const checkedTags = (tags: Texts) => {
  const { batches, adjustments } = batchesOf({ tags })
  return Effect.as(
    Effect.forEach(adjustments, ({ message }) => Effect.logWarning(message), { discard: true }),
    batches.flatMap((batch) => (batch.kind === "tags" ? batch.tags : []))
  )
}
