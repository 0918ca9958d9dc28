/**
 * How long the nodes of a pipeline took somewhere, in a file beside the pipeline that is kept with it: who runs it for the
 * first time is told how long it takes from that.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { basename } from "node:path"
import { Effect, Schema } from "effect"

/** Seconds by node. */
const Seconds = Schema.Record(Schema.String, Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)))

export const PresetTimes = Schema.Struct({
  /** The processor, for people: what is told of another machine is scaled by what its nodes turn out to take. */
  machine: Schema.String,
  seconds: Seconds
})
export type PresetTimes = typeof PresetTimes.Type

const TimesFile = Schema.Struct({
  format: Schema.Literal(1),
  presets: Schema.Record(Schema.String, PresetTimes)
})
export type TimesByPreset = (typeof TimesFile.Type)["presets"]

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(TimesFile), { onExcessProperty: "error" })

/** A file of times that is none. */
export class BadTimesFile extends Schema.TaggedError<BadTimesFile>()("BadTimesFile", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.path} does not hold the times of a pipeline's nodes: ${this.problem}`
  }
  get hint() {
    return "delete it, or make it anew after a run: `pipeline times last --save`"
  }
}

/** `pipelines/mnist-advtrain.ts` has its times in `pipelines/mnist-advtrain.times.json`. */
export const timesPath = (pipelinePath: string): string =>
  pipelinePath.replace(/\.(ts|mts|js|mjs)$/, ".times.json")

/** The times by preset; none where there is no file. */
export const readTimes = Effect.fnUntraced(function* (path: string) {
  if (!existsSync(path)) return {}
  const fault = ({ message }: { readonly message: string }) => new BadTimesFile({ path, problem: message })
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (cause) => fault({ message: String(cause) })
  })
  const { presets } = yield* Effect.mapError(decode(text), fault)
  return presets
})

/** Puts the times of one preset into the file and leaves those of the others. */
export const saveTimes = Effect.fnUntraced(function* (path: string, preset: string, times: PresetTimes) {
  const before: TimesByPreset = yield* readTimes(path)
  const rounded = Object.fromEntries(
    Object.entries(times.seconds)
      .map(([node, seconds]) => [node, Number(seconds.toPrecision(2))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
  )
  const presets = { ...before, [preset]: { ...times, seconds: rounded } }
  const sorted = Object.fromEntries(Object.entries(presets).sort(([a], [b]) => (a < b ? -1 : 1)))
  yield* Effect.try({
    try: () => {
      const draft = `${path}.${process.pid}.tmp`
      writeFileSync(draft, `${JSON.stringify({ format: 1, presets: sorted }, null, 2)}\n`)
      renameSync(draft, path)
    },
    catch: (cause) => new TimesNotSaved({ path, problem: String(cause) })
  })
})

export class TimesNotSaved extends Schema.TaggedError<TimesNotSaved>()("TimesNotSaved", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${basename(this.path)} cannot be written: ${this.problem}`
  }
  get hint() {
    return "the pipeline's own directory must be writable; a pipeline that came with the program has it there"
  }
}
