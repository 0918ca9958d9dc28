/** What an answer that is no success means. */
import { Option, Schema } from "effect"
import { Answers } from "./answers.ts"
import type { ConnectionFailed, HttpAnswer } from "./connection.ts"
import {
  MlflowDeleted,
  MlflowHostRefused,
  MlflowInvalid,
  MlflowLimited,
  MlflowNotFound,
  MlflowRefused,
  MlflowServerFault,
  MlflowUnreachable,
  MlflowUnsupported,
  MlflowUntrusted
} from "./errors.ts"
import type { Failed } from "./retry.ts"

export interface Asked {
  /** The address, without credentials. */
  readonly server: string
  readonly host: string
  readonly action: string
  readonly credentials: "none" | "password" | "token"
  /** Takes secrets out of what a server said. */
  readonly scrub: (text: string) => string
  /** Milliseconds since 1970. */
  readonly now: number
}

export const connectionFailure = (
  { reason, mayHaveArrived, untrusted }: ConnectionFailed,
  { server, action, scrub }: Asked
): Failed => {
  const place = { server, action, reason: scrub(reason) }
  return untrusted
    ? never(new MlflowUntrusted(place))
    : {
        error: new MlflowUnreachable({ ...place, mayHaveArrived }),
        again: "often",
        retryAfter: undefined,
        mayHaveHappened: mayHaveArrived
      }
}

/** @param answer one whose status is not 2xx */
export const answerFailure = (answer: HttpAnswer, asked: Asked): Failed => {
  const { server, host, action, credentials, scrub } = asked
  const { status } = answer
  const place = { server, action }
  const { code, text, isHtml } = said(answer, scrub)
  const told = { ...place, status, code, reason: text }

  if (status >= 300 && status < 400) {
    const target = scrub(withoutUserinfo(header(answer, "location")))
    const cure = `set MLFLOW_TRACKING_URI to the address it leads to`
    return never(new MlflowUnsupported({ ...place, reason: `the server redirects to ${target}`, cure }))
  }
  if (status === 403 && /Invalid Host header/i.test(answer.text))
    return never(new MlflowHostRefused({ ...place, host }))
  if (status === 401 || status === 403)
    return never(new MlflowRefused({ ...place, status, reason: text, credentials }))
  if (status === 404 && code === "") return never(unknownCall(place))
  if (status === 404) return never(new MlflowNotFound({ ...place, reason: text }))
  if (status === 413 || status === 429) {
    const error = new MlflowLimited({ ...place, status, reason: text })
    return {
      ...never(error),
      again: status === 429 ? "often" : "never",
      retryAfter: retryAfterOf(answer, asked.now)
    }
  }
  const [, what, id] = /The (run|experiment) (\S+) must be in the 'active' state/.exec(text) ?? []
  if (what === "run" || what === "experiment")
    return never(new MlflowDeleted({ ...place, what, id: id ?? "" }))
  if (status < 500 && status !== 408) return never(new MlflowInvalid({ ...place, code, reason: text }))
  if (/--no-serve-artifacts|Artifact serving is disabled/.test(answer.text)) return never(notServing(place))
  if (code === "FEATURE_DISABLED" && /workspace/i.test(text)) return never(withoutWorkspaces(place))
  if (status === 501 || code === "FEATURE_DISABLED" || code === "NOT_IMPLEMENTED")
    return never(
      new MlflowUnsupported({ ...place, reason: text, cure: "see what the server was started with" })
    )

  const final = code === "INVALID_STATE" || code === "DATA_LOSS"
  return {
    error: new MlflowServerFault({ ...told, transient: !final }),
    again: final ? "never" : status === 500 && isHtml ? "once" : "often",
    retryAfter: retryAfterOf(answer, asked.now),
    mayHaveHappened: true
  }
}

/** A success whose text is not what the call answers with. */
export const strangeAnswer = (answer: HttpAnswer, asked: Asked, problem: string): Failed => {
  const { text, isHtml } = said(answer, asked.scrub)
  const place = { server: asked.server, action: asked.action }
  return isHtml
    ? never(unknownCall(place))
    : {
        ...never(
          new MlflowServerFault({
            ...place,
            status: answer.status,
            code: "",
            reason: `no MLflow server answers like this: ${problem}: ${text}`,
            transient: false
          })
        ),
        mayHaveHappened: true
      }
}

const never = (error: Failed["error"]): Failed => ({
  error,
  again: "never",
  retryAfter: undefined,
  mayHaveHappened: false
})

const unknownCall = (place: { readonly server: string; readonly action: string }) =>
  new MlflowUnsupported({
    ...place,
    reason: "the server does not know this call, so it is not MLflow, or too old",
    cure: "check MLFLOW_TRACKING_URI, with the path before MLflow's own if there is one; MLflow 3.0 or newer is needed"
  })

const notServing = (place: { readonly server: string; readonly action: string }) =>
  new MlflowUnsupported({
    ...place,
    reason: "the server was started with --no-serve-artifacts and takes no files",
    cure: "start it without that option"
  })

const withoutWorkspaces = (place: { readonly server: string; readonly action: string }) =>
  new MlflowUnsupported({
    ...place,
    reason: "MLFLOW_WORKSPACE is set, and the server has no workspaces",
    cure: "unset MLFLOW_WORKSPACE, or start the server with --enable-workspaces"
  })

const decodeError = Schema.decodeUnknownOption(Schema.fromJsonString(Answers.error))

/** How much of a server's words is passed on. */
const longestText = 600

const said = (answer: HttpAnswer, scrub: Asked["scrub"]) => {
  const error = Option.getOrUndefined(decodeError(answer.text))
  const isHtml = /^\s*<(!doctype|html|head|body)/i.test(answer.text)
  const words = error?.message || error?.detail || (isHtml ? titleOf(answer.text) : answer.text)
  const plain = scrub(words.trim().replace(/\s+/g, " "))
  const text = plain.length > longestText ? `${plain.slice(0, longestText)}…` : plain
  return { code: error?.error_code ?? "", text: text === "" ? "the server gave no reason" : text, isHtml }
}

const titleOf = (html: string): string => /<title>([^<]{1,200})/i.exec(html)?.[1] ?? "a web page"

const header = ({ headers }: HttpAnswer, name: string): string => {
  const value = headers[name]
  return typeof value === "string" ? value : (value?.[0] ?? "")
}

/** Seconds; the header has those, or a date. */
const retryAfterOf = (answer: HttpAnswer, now: number): number | undefined => {
  const value = header(answer, "retry-after").trim()
  if (/^\d+$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000)
}

const withoutUserinfo = (location: string): string => location.replace(/\/\/[^/@]*@/, "//")
