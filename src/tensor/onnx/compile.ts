/** A step becomes the bytes of an ONNX model. */
import type { AnyStep } from "../direct/step-call.ts"
import { specText } from "../direct/tensors.ts"
import { elementTypes } from "../element.ts"
import type { Signature, TensorSpec } from "../engine.ts"
import { encode, usedInputs } from "./encode.ts"
import { expand } from "./expand.ts"
import type { Graph } from "./graph.ts"
import { float } from "./ops.ts"
import { finish, rearrange } from "./passes.ts"
import { record } from "./record.ts"
import { UnsupportedStep } from "./unsupported-step.ts"
import { splitOff, type Update } from "./update/split-off.ts"

export interface Compiled {
  readonly model: Uint8Array
  /** What the model reads. */
  readonly inputs: ReadonlyArray<string>
  /** All outputs of the step, state among them. */
  readonly outputs: { readonly [name: string]: TensorSpec }
  /** What the model gives: those outputs that no update makes, and what updates need. */
  readonly made: { readonly [name: string]: TensorSpec }
  readonly updates: ReadonlyArray<Update>
}

/** @throws UnsupportedStep if the step cannot be recorded */
export const compileStep = (inputs: Signature, state: Signature, step: AnyStep): Compiled => {
  const recorded = record({ ...inputs, ...state }, step)
  const outputs = specsOf(recorded)
  for (const [name, spec] of Object.entries(state)) {
    const next = outputs[name]
    if (next !== undefined && specText(next) !== specText(spec))
      throw new UnsupportedStep(
        `state \`${name}\` comes in as ${specText(spec)} and goes out as ${specText(next)}`,
        "state keeps its type and shape; return what differs under another name"
      )
  }
  const { graph, updates } = splitOff(optimised(recorded), new Set(Object.keys(state)))
  // ONNX Runtime makes no session of a graph without outputs, which is what is left where all is updates.
  if (graph.outputs.size === 0) graph.output("(nothing)", float(graph, 0))
  const read = usedInputs(graph).flatMap(({ source }) => (source._tag === "Input" ? [source.name] : []))
  return { model: encode(graph), inputs: read, outputs, made: specsOf(graph), updates }
}

export const optimised = (recorded: Graph): Graph => finish(expand(rearrange(recorded)))

const specsOf = (graph: Graph): { readonly [name: string]: TensorSpec } =>
  Object.fromEntries(
    [...graph.outputs].map(([name, { type, shape }]) => {
      if (type === "int64") throw new UnsupportedStep(`output ${name} is of type int64`, "cast it to int32")
      return [name, { dtype: elementTypes[type], shape: [...shape] }]
    })
  )
