/** What went wrong in recording or running, as people read it. */
import { failureOf as directFailure } from "../direct/failure.ts"
import { EngineFailure } from "../engine.ts"
import { UnsupportedStep } from "./unsupported-step.ts"

export const failureOf = (program: string, cause: unknown): EngineFailure =>
  cause instanceof UnsupportedStep
    ? new EngineFailure({ engine: "onnx", program, reason: cause.message, hint: cause.hint })
    : directFailure("onnx", program, cause instanceof Error ? new Error(plain(cause.message)) : cause)

/** ONNX Runtime's message without the places in its own source. */
const plain = (message: string): string => {
  const [, op, wanted] =
    /running (\w+) node[\s\S]*Failed to allocate memory for requested buffer of size (\d+)/.exec(message) ??
    []
  return op === undefined ? message.trim() : `failed to allocate ${wanted} bytes for ${op}`
}
