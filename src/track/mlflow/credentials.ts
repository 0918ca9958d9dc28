/** Who asks: a password, a token, or nobody. Python's order: what is found first counts. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Redacted } from "effect"
import type { Variables } from "./variables.ts"

export type Credentials =
  | { readonly _tag: "none" }
  | { readonly _tag: "password"; readonly username: string; readonly password: Redacted.Redacted }
  | { readonly _tag: "token"; readonly token: Redacted.Redacted }

/** Username and password go before a token, and each of them is looked for in the file where it is not a variable. */
export const credentialsOf = (read: Variables, home: string): Credentials | undefined => {
  const file = credentialsFile(join(home, ".mlflow", "credentials"))
  const username = read.text("MLFLOW_TRACKING_USERNAME") ?? file["mlflow_tracking_username"]
  const password = read.text("MLFLOW_TRACKING_PASSWORD") ?? file["mlflow_tracking_password"]
  if (username !== undefined && password !== undefined)
    return { _tag: "password", username, password: Redacted.make(password) }
  const token = read.header("MLFLOW_TRACKING_TOKEN")
  return token === undefined ? undefined : { _tag: "token", token: Redacted.make(token) }
}

/** The `[mlflow]` section of an INI file; nothing where the file cannot be read. */
const credentialsFile = (path: string): { readonly [name: string]: string } => {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch {
    return {}
  }
  const values: Array<readonly [string, string]> = []
  let section = ""
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section
    const [, name, value] = /^\s*([^#;=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    if (section === "mlflow" && name !== undefined && value !== undefined)
      values.push([name.toLowerCase(), value])
  }
  return Object.fromEntries(values)
}
