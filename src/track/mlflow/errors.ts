/** What may go wrong with an MLflow server, by what one can do about it. No text here ever holds a secret. */
import { Schema } from "effect"

const later = "what was not sent stays in the journal, and `pipeline track sync` sends it"

/** Where it happened, and what was being done: a phrase such as `create a run`. */
const place = { server: Schema.String, action: Schema.String }

/** Nothing, or nothing whole, came back: no such host, nobody listens, the connection was cut, or no answer in time. */
export class MlflowUnreachable extends Schema.TaggedError<MlflowUnreachable>()("MlflowUnreachable", {
  ...place,
  reason: Schema.String,
  /** Whether the server may have got the request and done what it asks for. */
  mayHaveArrived: Schema.Boolean
}) {
  override get message() {
    return `MLflow at ${this.server}: could not ${this.action}: ${this.reason}`
  }
  get hint() {
    return `see whether the server runs and MLFLOW_TRACKING_URI names it (\`pipeline track serve\` starts one); ${later}`
  }
}

/** The server's certificate is not one that can be trusted, or it does not speak TLS. */
export class MlflowUntrusted extends Schema.TaggedError<MlflowUntrusted>()("MlflowUntrusted", {
  ...place,
  reason: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: could not ${this.action}: ${this.reason}`
  }
  get hint() {
    return "name the certificate that signed the server's with MLFLOW_TRACKING_SERVER_CERT_PATH; where the server speaks plain HTTP, write http: in MLFLOW_TRACKING_URI"
  }
}

/** The credentials are missing, wrong, or not enough. */
export class MlflowRefused extends Schema.TaggedError<MlflowRefused>()("MlflowRefused", {
  ...place,
  status: Schema.Int,
  reason: Schema.String,
  /** How the request said who asks. */
  credentials: Schema.Literals(["none", "password", "token"])
}) {
  override get message() {
    return `MLflow at ${this.server}: may not ${this.action}: ${this.reason} (HTTP ${this.status})`
  }
  get hint() {
    return credentialHints[this.credentials]
  }
}

const credentialHints = {
  none: "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
  password:
    "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (or ~/.mlflow/credentials), and what this user may do",
  token: "check MLFLOW_TRACKING_TOKEN: it may be wrong, expired, or not allowed to do this"
}

/** The server does not answer to the name it was called by; its health check does not show that. */
export class MlflowHostRefused extends Schema.TaggedError<MlflowHostRefused>()("MlflowHostRefused", {
  ...place,
  host: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: could not ${this.action}: the server does not answer to the name ${this.host}`
  }
  get hint() {
    return `start it with \`mlflow server --allowed-hosts ${this.host}\` (or MLFLOW_SERVER_ALLOWED_HOSTS), or call it by its IP address`
  }
}

/** What was asked for is not there. */
export class MlflowNotFound extends Schema.TaggedError<MlflowNotFound>()("MlflowNotFound", {
  ...place,
  reason: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: could not ${this.action}: ${this.reason}`
  }
  get hint() {
    return "check that MLFLOW_TRACKING_URI and the experiment are those that the run was sent to; it may have been removed since"
  }
}

/** An experiment or a run is in the server's trash. It is never taken out without being asked to. */
export class MlflowDeleted extends Schema.TaggedError<MlflowDeleted>()("MlflowDeleted", {
  ...place,
  what: Schema.Literals(["experiment", "run"]),
  id: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: could not ${this.action}: ${this.what} ${this.id} was deleted`
  }
  get hint() {
    return this.what === "experiment"
      ? `restore it with \`mlflow experiments restore --experiment-id ${this.id}\`, or name another with MLFLOW_EXPERIMENT_NAME`
      : `restore it with \`mlflow runs restore --run-id ${this.id}\`, or its experiment if that was deleted`
  }
}

/** Too much at once, or too large: the server, or a proxy before it, wants less. */
export class MlflowLimited extends Schema.TaggedError<MlflowLimited>()("MlflowLimited", {
  ...place,
  status: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: could not ${this.action}: ${this.reason} (HTTP ${this.status})`
  }
  get hint() {
    return this.status === 413
      ? "raise the size of requests that the proxy before the server takes (nginx: client_max_body_size)"
      : `the server wants to be asked less often; ${later}`
  }
}

/** The request itself was refused, by the server or before it was sent. Sending it again would change nothing. */
export class MlflowInvalid extends Schema.TaggedError<MlflowInvalid>()("MlflowInvalid", {
  ...place,
  /** MLflow's error code, such as `INVALID_PARAMETER_VALUE`; empty where there was none. */
  code: Schema.String,
  reason: Schema.String,
  cure: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const code = this.code === "" ? "" : ` (${this.code})`
    return `MLflow at ${this.server}: could not ${this.action}: ${this.reason}${code}`
  }
  get hint() {
    return (
      this.cure ??
      "the server refused the values named above; if they look right, please report it with the server's version"
    )
  }
}

/** The server failed, or said something that no MLflow server says. */
export class MlflowServerFault extends Schema.TaggedError<MlflowServerFault>()("MlflowServerFault", {
  ...place,
  status: Schema.Int,
  code: Schema.String,
  reason: Schema.String,
  /** Whether the same request may succeed in a moment. */
  transient: Schema.Boolean
}) {
  override get message() {
    const code = this.code === "" ? "" : `, ${this.code}`
    return `MLflow at ${this.server}: could not ${this.action}: ${this.reason} (HTTP ${this.status}${code})`
  }
  get hint() {
    return `the server's log tells more; ${later}`
  }
}

/** This server cannot do what is asked for: too old, or set up without it. */
export class MlflowUnsupported extends Schema.TaggedError<MlflowUnsupported>()("MlflowUnsupported", {
  ...place,
  reason: Schema.String,
  cure: Schema.String
}) {
  override get message() {
    return `MLflow at ${this.server}: cannot ${this.action}: ${this.reason}`
  }
  get hint() {
    return this.cure
  }
}

export type MlflowError =
  | MlflowUnreachable
  | MlflowUntrusted
  | MlflowRefused
  | MlflowHostRefused
  | MlflowNotFound
  | MlflowDeleted
  | MlflowLimited
  | MlflowInvalid
  | MlflowServerFault
  | MlflowUnsupported

/** Whether waiting helps: a server that is away, busy or failing. Everything else wants somebody's hand. */
export const isTransient = (error: MlflowError): boolean => {
  switch (error._tag) {
    case "MlflowUnreachable":
      return true
    case "MlflowLimited":
      return error.status !== 413
    case "MlflowServerFault":
      return error.transient
    default:
      return false
  }
}
