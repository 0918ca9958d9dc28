/** What a backend threw, as people read it. */
import { EngineFailure, type EngineName } from "../engine.ts"

/** Something is wrong with the step or with what it was given, and it is known what. */
export class Mistake extends Error {
  readonly hint: string
  constructor(reason: string, hint: string) {
    super(reason)
    this.hint = hint
  }
}

export const failureOf = (engine: EngineName, program: string, cause: unknown): EngineFailure => {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof Mistake) return new EngineFailure({ engine, program, reason: text, hint: cause.hint })
  if (outOfMemory.test(text)) {
    const hint = "work in smaller batches, or let fewer stages run at one time (--jobs)"
    return new EngineFailure({ engine, program, reason: `out of memory (${firstLine(text)})`, hint })
  }
  const kernel = /Kernel '(\w+)' not registered/.exec(text)?.[1]
  if (kernel !== undefined) {
    const reason = `this engine does not have the kernel ${kernel}`
    return new EngineFailure({ engine, program, reason, hint: "--engine onnx or --engine cpu may have it" })
  }
  return new EngineFailure({
    engine,
    program,
    reason: text,
    hint: "correct the step; the reason is TensorFlow.js's own"
  })
}

const firstLine = (text: string): string => text.split("\n")[0] ?? ""

/** As V8, Emscripten, libtensorflow, WebGPU and ONNX Runtime say it. */
const outOfMemory =
  /allocation failed|invalid (typed )?array (buffer )?length|out of memory|cannot enlarge memory|\bOOM\b|resource exhausted|memory access out of bounds|failed to allocate|could not allocate|bad_alloc/i
