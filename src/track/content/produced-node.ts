/** A node that has an artifact, as the plan and the journal know it. */
import type { Schema } from "effect"
import type { Digest } from "../../artifact/digest.ts"
import type { PlannedNode } from "../event.ts"

export interface ProducedNode {
  readonly name: string
  readonly stage: string
  readonly kind: string
  readonly params: Schema.Json
  readonly digest: Digest
  /** When the artifact was made or found, in milliseconds since 1970. It dates images, so it must not change between tries. */
  readonly at: number
  /** What it was made of, in the order of the plan. */
  readonly inputs: ReadonlyArray<NodeInput>
}

export interface NodeInput {
  /** The stage's input; of a list or record also the place in it: `data`, `attacked.0`, `sets.test`. */
  readonly input: string
  readonly node: string
  readonly kind: string
  readonly digest: Digest
}

/** What is known of a node by its name. */
export type KnownArtifacts = ReadonlyMap<string, { readonly kind: string; readonly digest: Digest }>

/** A node's inputs with the artifacts that they were; inputs whose artifact is not known are left out. */
export const inputsOf = (inputs: PlannedNode["inputs"], known: KnownArtifacts): ReadonlyArray<NodeInput> =>
  Object.entries(inputs).flatMap(([input, wire]) => {
    const wires =
      typeof wire === "string"
        ? [[input, wire] as const]
        : Object.entries(wire).map(([place, node]) => [`${input}.${place}`, node] as const)
    return wires.flatMap(([input, node]) => {
      const artifact = known.get(node)
      return artifact === undefined ? [] : [{ input, node, ...artifact }]
    })
  })
