/**
 * What a project imports as `advpipe`.
 *
 * The parts of Effect that stages are written with come along: a second copy of it would be a second runtime, whose
 * services and schemas are not these.
 */
export * as Effect from "effect/Effect"
export * as Random from "effect/Random"
export * as Schema from "effect/Schema"
export * as Stream from "effect/Stream"
export * from "./artifact/index.ts"
export * from "./stage/index.ts"
export { runStage, type StageResult } from "./testing.ts"
