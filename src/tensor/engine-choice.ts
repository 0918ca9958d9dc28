/** Which engine is wanted, and which ones there are. Plain data: nothing here loads an engine. */
import { Schema } from "effect"
import { EngineInfo, EngineName } from "./engine.ts"

/** An engine's name, or `auto`: the first one that works. */
export const EngineChoice = Schema.Literals(["auto", ...EngineName.literals])
export type EngineChoice = typeof EngineChoice.Type

/** Whether an engine can be had on this machine. */
export const EngineReport = Schema.Union([
  Schema.Struct({ state: Schema.Literal("works"), name: EngineName, info: EngineInfo }),
  Schema.Struct({
    state: Schema.Literal("missing"),
    name: EngineName,
    reason: Schema.String,
    /** How to get it. */
    hint: Schema.String
  })
])
export type EngineReport = typeof EngineReport.Type

/** An engine as a line of text names it: `onnx (cpu, 2 threads)`. */
export const engineText = ({
  name,
  device,
  threads
}: Omit<EngineInfo, "name" | "versions"> & { readonly name: string }): string =>
  `${name} (${device}, ${threads} ${threads === 1 ? "thread" : "threads"})`
