/** What kind of server it is, and whether it will do. */
import { Effect } from "effect"
import { Answers, type ServerInfo } from "./answers.ts"
import { type MlflowError, MlflowUnsupported } from "./errors.ts"
import type { MlflowSettings } from "./settings.ts"
import type { Transport } from "./transport.ts"

/** Logged models came with it. Tests run with 3.17.2. */
const oldest = [3, 0] as const

export const makeServer = (
  transport: Transport,
  { workspace }: MlflowSettings
): Effect.Effect<ServerInfo, MlflowError> =>
  Effect.gen(function* () {
    const action = "ask what server it is"
    const unsupported = (reason: string, cure: string) =>
      new MlflowUnsupported({ server: transport.address, action, reason, cure })

    const { text } = yield* transport.retry(transport.raw({ action, method: "GET", path: "/version" }))
    const [, major, minor] = /^(\d+)\.(\d+)\.\S+$/.exec(text.trim()) ?? []
    if (major === undefined || minor === undefined)
      return yield* unsupported(
        "something answers there, but it is not MLflow",
        "check MLFLOW_TRACKING_URI, with the path before MLflow's own if there is one"
      )
    const version = text.trim()
    if (Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]))
      return yield* unsupported(
        `it is MLflow ${version}, and ${oldest.join(".")} or newer is needed`,
        "update the server: `pip install --upgrade mlflow`, then `mlflow db upgrade`"
      )

    // Unlike the version, this is told only to who may ask, under a name that the server answers to.
    const info = yield* serverInfo(transport)
    if (workspace !== undefined && !info.workspaces_enabled)
      return yield* unsupported(
        `MLFLOW_WORKSPACE is \`${workspace}\`, and the server has no workspaces`,
        "unset MLFLOW_WORKSPACE, or start the server with --enable-workspaces"
      )
    return { version, store: info.store_type, workspaces: info.workspaces_enabled }
  })

/** What the server says of itself; nothing particular where it is too old to be asked. */
export const serverInfo = (
  transport: Transport
): Effect.Effect<typeof Answers.serverInfo.Type, MlflowError> =>
  transport
    .call(
      { action: "ask what the server offers", method: "GET", path: "/api/3.0/mlflow/server-info" },
      Answers.serverInfo
    )
    .pipe(
      Effect.catchTag(["MlflowUnsupported", "MlflowNotFound"], () =>
        Effect.succeed({ store_type: "", workspaces_enabled: false, multipart_uploads_enabled: false })
      )
    )
