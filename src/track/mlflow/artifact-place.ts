/** Where a file goes: a path below an artifact root, as the server's proxy wants it. */
import { Effect } from "effect"
import { MlflowInvalid, MlflowUnsupported } from "./errors.ts"

export interface Place {
  /** As messages name it. */
  readonly path: string
  /** The last part of the path. */
  readonly name: string
  /** The directory, below the root of the server's artifact store. */
  readonly directory: string
  /** The path of the request. */
  readonly route: string
}

const service = "/api/2.0/mlflow-artifacts/artifacts"

/**
 * @param artifactUri as the server gives it for a run or a model
 * @param path parts with `/` between them
 */
export const placeOf = Effect.fnUntraced(function* (server: string, artifactUri: string, path: string) {
  const action = `upload ${path}`
  const problem = wrongPart(path)
  if (problem !== undefined)
    return yield* new MlflowInvalid({
      server,
      action,
      code: "",
      reason: problem,
      cure: "name the artifact otherwise: letters, digits, `_ - . + ~` and spaces are safe"
    })
  const root = rootOf(server, artifactUri)
  if (root === undefined)
    return yield* new MlflowUnsupported({
      server,
      action,
      reason: `artifacts of this experiment lie at ${artifactUri.replace(/\/\/[^/@]*@/, "//")}, which the server does not pass on`,
      cure: "use an experiment that was made on a server that serves artifacts, as `mlflow server` does by default (MLFLOW_EXPERIMENT_NAME names another)"
    })
  const parts = [...root, ...path.split("/")]
  return {
    path,
    name: parts.at(-1) ?? "",
    directory: parts.slice(0, -1).join("/"),
    route: `${service}/${parts.map(encodeURIComponent).join("/")}`
  } satisfies Place
})

/** Some of these the server decodes twice, some it takes for a place outside of the run's. */
const wrongPart = (path: string): string | undefined => {
  if (/[#%?\\]/.test(path))
    return "its path has a `#`, `%`, `?` or `\\`, which servers or their clients get wrong"
  if (path !== path.toWellFormed() || /\p{Cc}/u.test(path))
    return "its path has control characters or broken ones"
  const parts = path.split("/")
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    return "its path has a part that is empty, `.` or `..`"
  if (parts.some((part) => Buffer.byteLength(part) > 255)) return "its path has a part of more than 255 bytes"
  return undefined
}

/** The parts of the root below the server's store; nothing where files do not go through this server. */
const rootOf = (server: string, artifactUri: string): ReadonlyArray<string> | undefined => {
  const parts = (path: string) => path.split("/").filter((part) => part !== "")
  const [, authority, path] = /^mlflow-artifacts:(?:\/\/([^/]*))?(\/.*)?$/.exec(artifactUri) ?? []
  if (path !== undefined)
    return authority === undefined || authority === "" || authority === new URL(server).host
      ? parts(path)
      : undefined
  const own = `${server}${service}/`
  return artifactUri.startsWith(own) ? parts(artifactUri.slice(own.length)) : undefined
}
