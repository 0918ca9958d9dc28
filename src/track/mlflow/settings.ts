/** How to reach a server: the variables that MLflow's Python client reads, read in the same way. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { homedir } from "node:os"
import { Duration, Effect, Redacted } from "effect"
import { addressOf } from "./address.ts"
import { type Credentials, credentialsOf } from "./credentials.ts"
import { BadMlflowSetting, badSetting, type Environment, readVariables, type Variables } from "./variables.ts"

export { BadMlflowSetting, type Environment } from "./variables.ts"

export interface MlflowSettings {
  /** Without credentials and without a slash at its end. */
  readonly address: string
  /** Of the model registry; the same server's, unless it is another's. */
  readonly registryAddress: string
  /** At most one of the two is given; who calls has a name for runs without either. */
  readonly experiment: { readonly name?: string; readonly id?: string }
  readonly credentials: Credentials
  /** Sent as `X-MLFLOW-WORKSPACE`. */
  readonly workspace: string | undefined
  readonly tls: {
    /** Whether any certificate is taken. */
    readonly insecure: boolean
    /** Certificates to trust instead of the system's, as PEM. */
    readonly authority: string | undefined
    /** The client's certificate and key, as PEM. */
    readonly client: Redacted.Redacted | undefined
  }
  /** How long nothing may move before an attempt is given up. */
  readonly patience: Duration.Duration
  readonly retry: {
    readonly times: number
    /** The nth retry comes after `factor` × 2ⁿ⁻¹ seconds, 120 at most. */
    readonly factor: number
    /** And up to so many seconds more. */
    readonly jitter: number
    /** Whether a server may ask for more time than that. */
    readonly heedRetryAfter: boolean
  }
  /** Whether files of `from` bytes or more go up in parts of `part` bytes; `server`: if it offers to take them. */
  readonly multipart: {
    readonly use: "always" | "never" | "server"
    readonly from: number
    readonly part: number
  }
}

/**
 * The settings, or nothing where `MLFLOW_TRACKING_URI` is not set. Reads certificates and `~/.mlflow/credentials`;
 * connects to nothing.
 */
export const mlflowSettings = Effect.fnUntraced(function* (
  environment: Environment,
  home: string = homedir()
): Effect.fn.Return<MlflowSettings | undefined, BadMlflowSetting> {
  const read = readVariables(environment)
  const written = read.text("MLFLOW_TRACKING_URI")
  if (written === undefined) return undefined
  return yield* Effect.try({
    try: () => settingsFor(written, read, home),
    catch: (error) =>
      error instanceof BadMlflowSetting ? error : badSetting("MLFLOW_TRACKING_URI", String(error), "")
  })
})

/** Throws `BadMlflowSetting`. */
const settingsFor = (written: string, read: Variables, home: string): MlflowSettings => {
  refuseOtherAuthentication(read)
  const { address, userinfo } = addressOf("MLFLOW_TRACKING_URI", written)
  return {
    address,
    registryAddress: registryOf(read) ?? address,
    experiment: experimentOf(read),
    credentials: credentialsOf(read, home) ?? userinfo ?? { _tag: "none" },
    workspace: read.header("MLFLOW_WORKSPACE"),
    tls: tlsOf(read),
    patience: Duration.seconds(read.number("MLFLOW_HTTP_REQUEST_TIMEOUT", 120, { more: 0 })),
    retry: {
      times: read.number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", 7, { from: 0, most: 10, whole: true }),
      factor: read.number("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", 2, { from: 0, most: 120 }),
      jitter: read.number("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", 1, { from: 0, most: 120 }),
      heedRetryAfter: read.flag("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", true)
    },
    multipart: multipartOf(read)
  }
}

const registryOf = (read: Variables): string | undefined => {
  const written = read.text("MLFLOW_REGISTRY_URI")
  return written === undefined ? undefined : addressOf("MLFLOW_REGISTRY_URI", written).address
}

const experimentOf = (read: Variables): MlflowSettings["experiment"] => {
  const name = read.text("MLFLOW_EXPERIMENT_NAME")
  const id = read.text("MLFLOW_EXPERIMENT_ID")
  if (name !== undefined && id !== undefined)
    throw badSetting("MLFLOW_EXPERIMENT_ID", `is set, and MLFLOW_EXPERIMENT_NAME too`, "set one of the two")
  return { ...(name === undefined ? {} : { name }), ...(id === undefined ? {} : { id }) }
}

const refuseOtherAuthentication = (read: Variables): void => {
  const cure = "use a password or a token (MLFLOW_TRACKING_TOKEN), or a proxy that signs requests"
  if (read.text("MLFLOW_TRACKING_AUTH") !== undefined)
    throw badSetting(
      "MLFLOW_TRACKING_AUTH",
      "names a plugin of the Python client, which does not work here",
      cure
    )
  if (read.flag("MLFLOW_TRACKING_AWS_SIGV4", false))
    throw badSetting(
      "MLFLOW_TRACKING_AWS_SIGV4",
      "asks for signed requests, which this client cannot make",
      cure
    )
}

const tlsOf = (read: Variables): MlflowSettings["tls"] => {
  const insecure = read.flag("MLFLOW_TRACKING_INSECURE_TLS", false)
  const authority = read.file(authorityVariable)
  if (insecure && authority !== undefined)
    throw badSetting(
      "MLFLOW_TRACKING_INSECURE_TLS",
      "is on, and MLFLOW_TRACKING_SERVER_CERT_PATH is set too",
      "unset the one that you do not mean; a certificate is the safe one"
    )
  const client = read.file(clientVariable)
  if (authority !== undefined) checkCertificate(authorityVariable, authority, "certificates to trust")
  if (client !== undefined) checkClient(client)
  return {
    insecure,
    authority: authority?.text,
    client: client === undefined ? undefined : Redacted.make(client.text)
  }
}

const authorityVariable = "MLFLOW_TRACKING_SERVER_CERT_PATH"
const clientVariable = "MLFLOW_TRACKING_CLIENT_CERT_PATH"

type File = NonNullable<ReturnType<Variables["file"]>>

/** A file that is no certificate would only be noticed with the first connection, where it looks like a server that is away. */
const checkCertificate = (variable: string, { path, text }: File, content: string): X509Certificate => {
  try {
    return new X509Certificate(text)
  } catch {
    throw badSetting(
      variable,
      `names \`${path}\`, which holds no certificate in PEM`,
      `name a PEM file with ${content}`
    )
  }
}

const checkClient = (file: File): void => {
  const content = "the client's certificate and its key, one after the other, the key without a passphrase"
  const certificate = checkCertificate(clientVariable, file, content)
  const cure = `name a PEM file with ${content}`
  let key: KeyObject
  try {
    key = createPrivateKey(file.text)
  } catch {
    throw badSetting(clientVariable, `names \`${file.path}\`, which holds no key that can be read`, cure)
  }
  if (certificate.checkPrivateKey(key)) return
  throw badSetting(clientVariable, `names \`${file.path}\`, whose key is not that of its certificate`, cure)
}

const multipartOf = (read: Variables): MlflowSettings["multipart"] => {
  const variable = "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"
  return {
    use: read.text(variable) === undefined ? "server" : read.flag(variable, false) ? "always" : "never",
    from: read.number("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", 500 * mebi, { more: 0, whole: true }),
    part: read.number("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", 10 * mebi, { more: 0, whole: true })
  }
}

const mebi = 1024 * 1024
