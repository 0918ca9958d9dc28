/** What can be said of the settings for tracking before a run begins. No server is asked. */
import { Effect } from "effect"
import { didYouMean } from "../text/did-you-mean.ts"
import { parseRegistrations } from "../track/content/registration.ts"
import { mlflowSettings } from "../track/mlflow/settings.ts"
import type { TrackedNode } from "./tracking.ts"

/**
 * Fails where nothing could be sent.
 *
 * @param nodes of the whole plan
 * @returns what is probably not meant, in sentences
 */
export const checkSettings = Effect.fnUntraced(function* (
  environment: NodeJS.ProcessEnv,
  nodes: ReadonlyArray<TrackedNode>
) {
  yield* mlflowSettings(environment)
  const registrations = yield* parseRegistrations(environment["PIPELINE_MLFLOW_REGISTER"] ?? "")
  return registrations.flatMap(({ node }) => {
    const kind = nodes.find(({ name }) => name === node)?.kind
    if (kind === "Model") return []
    const problem =
      kind === undefined
        ? `the plan has no node \`${node}\``
        : `node \`${node}\` makes no model but something of kind ${kind}`
    const models = nodes.flatMap((each) => (each.kind === "Model" ? [each.name] : []))
    return [`PIPELINE_MLFLOW_REGISTER: ${problem}; ${cureFor(node, models)}`]
  })
})

const mostNamed = 5

const cureFor = (node: string, models: ReadonlyArray<string>): string => {
  if (models.length === 0) return "no node of this pipeline makes a model"
  const meant = didYouMean(node, models)
  if (meant !== undefined) return meant
  const more = models.length > mostNamed ? ", …" : ""
  return `models are made by ${models
    .slice(0, mostNamed)
    .map((name) => `\`${name}\``)
    .join(", ")}${more}`
}
