import { Effect } from "effect"
import { isSystemError } from "./disk.ts"
import { StoreFault } from "./store-error.ts"

/** A system error as the store reports it. Anything that is not one is a mistake of ours and dies. */
export const storeFault = (operation: string, path: string, cause: unknown): StoreFault => {
  if (!isSystemError(cause)) throw cause
  return new StoreFault({ operation, path, code: cause.code, cause })
}

/** Runs disk operations; a system error becomes a `StoreFault` that says what was being done and where. */
export const onDisk = <A>(operation: string, path: string, action: () => A): Effect.Effect<A, StoreFault> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(action())
    } catch (cause) {
      return Effect.fail(storeFault(operation, path, cause))
    }
  })

/** The same for operations that take their time. */
export const onDiskAsync = <A>(operation: string, path: string, action: () => Promise<A>) =>
  Effect.callback<A, StoreFault>((resume) => {
    action().then(
      (value) => resume(Effect.succeed(value)),
      (cause: unknown) => resume(Effect.suspend(() => Effect.fail(storeFault(operation, path, cause))))
    )
  })
