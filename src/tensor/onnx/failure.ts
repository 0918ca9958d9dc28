/** What went wrong in recording or running, as people read it. */
import { failureOf as directFailure } from "../direct/failure.ts"
import { EngineFailure } from "../engine.ts"
import { UnsupportedStep } from "./unsupported-step.ts"

export const failureOf = (program: string, cause: unknown): EngineFailure =>
  cause instanceof UnsupportedStep
    ? new EngineFailure({ engine: "onnx", program, reason: cause.message, hint: cause.hint })
    : directFailure("onnx", program, cause)
