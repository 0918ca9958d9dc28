/** Which models are registered, as `PIPELINE_MLFLOW_REGISTER` says it. */
import { Effect, Schema } from "effect"

/** Register the model of a node under a name, and let the alias point to that version. */
export interface Registration {
  readonly node: string
  readonly model: string
  readonly alias?: string
}

/** A setting that is no list of registrations. */
export class BadRegistration extends Schema.TaggedError<BadRegistration>()("BadRegistration", {
  entry: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `PIPELINE_MLFLOW_REGISTER: \`${this.entry}\` ${this.reason}`
  }
  get hint() {
    return "write node=name or node=name@alias, several with commas: baseline=digits@champion,robust=digits"
  }
}

/**
 * Reads `node=name@alias, node=name`. An empty text is an empty list.
 *
 * The server's rules are checked here, so that hours of work do not end in a refusal: names without `/` and `:`; an alias
 * is not `latest`, and not a `v` with a number.
 */
export const parseRegistrations = (
  text: string
): Effect.Effect<ReadonlyArray<Registration>, BadRegistration> =>
  Effect.forEach(
    text
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
    parseEntry
  )

const parseEntry = (entry: string): Effect.Effect<Registration, BadRegistration> => {
  const bad = (reason: string) => new BadRegistration({ entry, reason })
  const [, node, model, alias] = /^([^=@]+)=([^=@]+)(?:@(.*))?$/.exec(entry) ?? []
  if (node === undefined || model === undefined) return bad("does not read node=name or node=name@alias")
  if (/[/:]/.test(model)) return bad(`has the name \`${model}\`; the registry takes no \`/\` and no \`:\``)
  if (alias === undefined) return Effect.succeed({ node, model })
  if (!/^[\w-]{1,255}$/.test(alias))
    return bad("has an alias that is not made of letters, digits, `_` and `-`")
  if (/^(latest|v\d+)$/i.test(alias))
    return bad(`has the alias \`${alias}\`, which the registry keeps for itself`)
  return Effect.succeed({ node, model, alias })
}
