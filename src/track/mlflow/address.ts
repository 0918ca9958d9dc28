/** The address of a server, taken apart. */
import { Redacted } from "effect"
import type { Credentials } from "./credentials.ts"
import { type BadMlflowSetting, badSetting } from "./variables.ts"

export interface Address {
  /** Without credentials and without a slash at its end; a path before MLflow's own is kept. */
  readonly address: string
  /** `http://user:password@host`. */
  readonly userinfo: Credentials | undefined
}

/** Throws `BadMlflowSetting`, which shows nothing of the value but its scheme: it may hold a password. */
export const addressOf = (variable: string, written: string): Address => {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(written)?.[1]?.toLowerCase()
  if (scheme === undefined || !/^https?$/.test(scheme)) throw wrongScheme(variable, scheme, written)
  if (!URL.canParse(written)) throw badSetting(variable, "is not a URL", example(variable))
  const url = new URL(written)
  if (url.search !== "" || url.hash !== "")
    throw badSetting(variable, "has a part after `?` or `#`", `leave it out: ${example(variable)}`)
  const userinfo: Credentials | undefined =
    url.username === ""
      ? undefined
      : {
          _tag: "password",
          username: plain(url.username),
          password: Redacted.make(plain(url.password))
        }
  return { address: `${url.origin}${url.pathname.replace(/\/+$/, "")}`, userinfo }
}

const example = (variable: string) => `for example ${variable}=http://127.0.0.1:5000`

const wrongScheme = (variable: string, scheme: string | undefined, written: string): BadMlflowSetting => {
  const serve = `start a server (\`pipeline track serve\`, or \`mlflow server\`) and name it, ${example(variable)}`
  if (/^(databricks|uc)(-|:|$)/.test(written))
    return badSetting(
      variable,
      `is \`${scheme ?? "databricks"}\`, which works only with the Python client`,
      serve
    )
  if (scheme === undefined || scheme === "file")
    return badSetting(variable, "names a directory; runs are sent to a server, by http: or https:", serve)
  if (/^(sqlite|postgresql|mysql|mssql)(\+.*)?$/.test(scheme))
    return badSetting(
      variable,
      `names a database (\`${scheme}:\`); runs are sent to a server, by http: or https:`,
      `start one on it with \`mlflow server --backend-store-uri …\` and name that, ${example(variable)}`
    )
  // What looks like a scheme is a host's name.
  if (/^[^/]*:\d+(\/|$)/.test(written) && !written.includes("@"))
    return badSetting(variable, `has no http: or https: before \`${written}\``, `write http://${written}`)
  return badSetting(variable, `has the scheme \`${scheme}:\`; only http: and https: work`, serve)
}

const plain = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}
