/** Which engine a command is to compute with. */
import { Config, Effect, Option, Schema } from "effect"
import { Flag } from "effect/cli"
import { identifyEngine } from "../schedule/identify-engine.ts"
import { EngineChoice } from "../tensor/engine-choice.ts"

/** A name that no engine has. */
export class UnknownEngine extends Schema.TaggedError<UnknownEngine>()("UnknownEngine", {
  name: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  override get message() {
    return `there is no engine \`${this.name}\``
  }
}

export const engineFlags = {
  engine: Flag.String("engine").pipe(
    Flag.withDescription(
      `what computes with tensors: ${EngineChoice.literals.join(", ")} (default: auto, or PIPELINE_ENGINE)`
    ),
    Flag.withFallbackConfig(Config.String("PIPELINE_ENGINE")),
    Flag.optional
  ),
  engineStrict: Flag.Boolean("engine-strict").pipe(
    Flag.withDescription("let the engine, its device and its versions count: another engine computes anew"),
    Flag.withDefault(false)
  )
}

const isChoice = Schema.is(EngineChoice)

/** The engine as runs and plans take it. It is only looked for where it is to count in keys. */
export const wantedEngine = Effect.fnUntraced(function* (options: {
  readonly engine: Option.Option<string>
  readonly engineStrict: boolean
}) {
  const name = Option.getOrElse(options.engine, () => "auto")
  if (!isChoice(name)) return yield* new UnknownEngine({ name, known: EngineChoice.literals })
  return { choice: name, strict: options.engineStrict ? yield* identifyEngine(name) : undefined }
})
