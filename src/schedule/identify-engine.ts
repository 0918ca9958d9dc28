/** Finds out which engine stages will get, by having a worker start it. */
import { Effect } from "effect"
import type { EngineIdentity } from "../plan/key.ts"
import type { WantedEngine } from "../worker/protocol.ts"
import { Workers } from "../worker/workers.ts"

/** Fails with what is missing and how to get it where the engine cannot be had. */
export const identifyEngine = Effect.fnUntraced(function* (choice: WantedEngine["choice"]) {
  const workers = yield* Workers
  const silent = { started: () => {}, note: () => {} }
  const reply = yield* workers.run(
    `engine ${choice}`,
    { _tag: "StartEngine", engine: { choice, threads: 1 } },
    silent
  )
  if (reply._tag !== "EngineStarted")
    return yield* Effect.die(new Error(`a worker answered StartEngine with ${reply._tag}`))
  const { name, device, versions } = reply.engine
  return { name, device, versions } satisfies EngineIdentity
})
