/** Which requests are answered at all. */

/** What a request asks for, as far as it matters. */
export interface Asked {
  readonly method: string
  readonly host: string | undefined
  /** The path with its query, as it came. */
  readonly target: string
}

export interface Refusal {
  readonly status: 400 | 403 | 405
  readonly reason: string
}

export interface Wanted {
  /** The parts of the path, decoded. */
  readonly path: ReadonlyArray<string>
  readonly query: URLSearchParams
}

/**
 * Reads a request, or says why it is refused.
 *
 * A page from anywhere may have a name of its own point to this machine, and would then be of this server's origin to a browser
 * (DNS rebinding). Such a request carries that name in `Host`, so only known names are answered. An address is no name: nobody
 * can have another one point to it.
 *
 * @param names under which this server is known, in lower case
 */
export const readRequest = (
  { method, host, target }: Asked,
  names: ReadonlySet<string>
): Wanted | Refusal => {
  if (!isKnown(host, names))
    return {
      status: 403,
      reason: "this name is not this server's: open the address that `pipeline look` printed"
    }
  if (method !== "GET" && method !== "HEAD")
    return { status: 405, reason: "runs can be looked at here, and nothing else: GET and HEAD" }
  const [path = "", query = ""] = splitOnce(target, "?")
  try {
    return {
      path: path
        .split("/")
        .filter((part) => part !== "")
        .map(decodeURIComponent),
      query: new URLSearchParams(query)
    }
  } catch {
    return { status: 400, reason: "the address is not well formed" }
  }
}

/** A name that ends in a number is never looked up: browsers take it for an address, or refuse it. */
const address = /^(\[[0-9a-f:.]+\]|\d+(\.\d+){3})$/

const isKnown = (host: string | undefined, names: ReadonlySet<string>): boolean => {
  const name = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::\d+)?$/.exec(host ?? "")?.[1]?.toLowerCase()
  return name !== undefined && (names.has(name) || address.test(name))
}

const splitOnce = (text: string, separator: string): ReadonlyArray<string> => {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
