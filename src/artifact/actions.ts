/**
 * The action cache: what each key produced.
 *
 * A record is published once, by linking a finished file to its name: of two processes that computed the same key, one
 * publishes and the other one takes what is there.
 */
import { dirname } from "node:path"
import { Context, Effect, Layer } from "effect"
import { type ActionRecord, decodeAction, encodeAction } from "./action.ts"
import { type Digest, isDigest } from "./digest.ts"
import {
  Disk,
  type DiskShape,
  makeLastingDirectory,
  readText,
  removeQuietly,
  stampIfReadable,
  stampText,
  uniqueName
} from "./disk.ts"
import type { StoreLayout } from "./layout.ts"
import type { StoreFault } from "./store-error.ts"
import { onDisk } from "./store-fault.ts"

export type Lookup =
  | { readonly _tag: "Found"; readonly record: ActionRecord }
  | { readonly _tag: "Absent" }
  /** A file is there that is no record: torn, edited, or of another key. */
  | { readonly _tag: "Unreadable"; readonly path: string }

export interface ActionsShape {
  /** What tells that a key's file was touched; `undefined` where there is none. For many keys in a row. */
  stamp(key: Digest): string | undefined
  lookup(key: Digest): Effect.Effect<Lookup, StoreFault>
  /** Publishes a record unless its key has one. Returns the record that stands under the key afterwards. */
  publish(record: ActionRecord): Effect.Effect<ActionRecord, StoreFault>
  /** Forgets a key, so that it is computed again. */
  remove(key: Digest): Effect.Effect<boolean, StoreFault>
  /** All keys in the store. Files of other names are no records and are left alone. */
  keys: Effect.Effect<ReadonlyArray<Digest>, StoreFault>
}

export class Actions extends Context.Service<Actions, ActionsShape>()("pipeline/artifact/Actions") {
  static readonly layer = (layout: StoreLayout) =>
    Layer.effect(
      Actions,
      Effect.map(Disk, (disk) => Actions.of(makeActions(disk, layout)))
    )
}

const makeActions = (disk: DiskShape, layout: StoreLayout): ActionsShape => {
  const lookup = (key: Digest): Effect.Effect<Lookup, StoreFault> => {
    const path = layout.action(key)
    return onDisk("read", path, (): Lookup => {
      const text = readText(disk, path)
      if (text === undefined) return { _tag: "Absent" }
      const record = decodeAction(text)
      return record?.key === key ? { _tag: "Found", record } : { _tag: "Unreadable", path }
    })
  }

  const stamp = (key: Digest): string | undefined => {
    const found = stampIfReadable(disk, layout.action(key))
    return found === undefined ? undefined : stampText(found)
  }

  const publish = Effect.fnUntraced(function* (record: ActionRecord) {
    const path = layout.action(record.key)
    const published = yield* onDisk("write", path, () => {
      const temporary = `${layout.scratch}/${uniqueName()}`
      disk.makeDirectory(layout.scratch)
      makeLastingDirectory(disk, dirname(path))
      try {
        disk.createWhole(temporary, Buffer.from(`${encodeAction(record)}\n`))
        const first = disk.link(temporary, path)
        if (first) disk.syncDirectory(dirname(path))
        return first
      } finally {
        removeQuietly(disk, temporary)
      }
    })
    if (published) return record
    const found = yield* lookup(record.key)
    return found._tag === "Found" ? found.record : yield* replace(record)
  })

  /** An unreadable record vouches for nothing, nor does what is no file: it makes room. */
  const replace = (record: ActionRecord): Effect.Effect<ActionRecord, StoreFault> =>
    Effect.flatMap(
      onDisk("remove", layout.action(record.key), () => disk.removeTree(layout.action(record.key))),
      () => publish(record)
    )

  const remove = (key: Digest) =>
    onDisk("remove", layout.action(key), () => {
      const removed = disk.remove(layout.action(key))
      if (removed) disk.syncDirectory(dirname(layout.action(key)))
      return removed
    })

  const keys = onDisk("list", layout.actions, () =>
    disk
      .list(layout.actions)
      .flatMap((prefix) =>
        disk.list(`${layout.actions}/${prefix}`).map((name) => prefix + name.replace(/\.json$/, ""))
      )
      .filter(isDigest)
  )

  return { stamp, lookup, publish, remove, keys }
}
