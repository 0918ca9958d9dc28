/** Connections that the compiler would refuse, for pipelines that no compiler has seen. */
import { Effect } from "effect"
import type { Node, Wire } from "../stage/node.ts"
import { BadWiring } from "./bad-wiring.ts"
import type { LoadedPipeline } from "./loaded.ts"
import { isOutput, outputsOf, specName } from "./outputs.ts"

/** Fails at the first input of a node that is missing, unknown, or of another kind or shape. */
export const checkWires = Effect.fnUntraced(function* (pipeline: LoadedPipeline, node: Node, name: string) {
  const { stage, inputs } = node
  const wrong = (reason: string) => {
    const takes = Object.entries(stage.inputs).map(([input, spec]) => `\`${input}\` (${specName(spec)})`)
    const hint = `stage \`${stage.name}\` takes ${takes.length === 0 ? "no inputs" : takes.join(", ")}`
    return new BadWiring({ pipeline: pipeline.name, reason: `node \`${name}\`: ${reason}`, hint })
  }
  const unknown = Object.keys(inputs).find((input) => !Object.hasOwn(stage.inputs, input))
  if (unknown !== undefined) return yield* wrong(`there is no input \`${unknown}\``)
  for (const [input, spec] of Object.entries(stage.inputs)) {
    const wire = inputs[input]
    if (wire === undefined) return yield* wrong(`input \`${input}\` is not connected`)
    const shape = isOutput(wire) ? "single" : Array.isArray(wire) ? "list" : "record"
    const wanted = "list" in spec ? "list" : "record" in spec ? "record" : "single"
    const kind = "list" in spec ? spec.list.name : "record" in spec ? spec.record.name : spec.name
    const other = outputsOf(wire).find(([, output]) => !isOutput(output) || output.kind !== kind)
    if (shape !== wanted || other !== undefined) {
      return yield* wrong(`input \`${input}\` is a ${specName(spec)}, and is given ${describeWire(wire)}`)
    }
  }
})

const describeWire = (wire: Wire): string => {
  if (isOutput(wire)) return `a ${wire.kind}`
  const kinds = [
    ...new Set(outputsOf(wire).map(([, output]) => (isOutput(output) ? output.kind : typeof output)))
  ]
  return `a ${Array.isArray(wire) ? "list" : "record"} of ${kinds.join(" and ") || "nothing"}`
}
