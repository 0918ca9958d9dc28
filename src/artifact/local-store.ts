/** The store on a local disk: every service that works on it, over one directory. */
import { Effect, Layer, Schema } from "effect"
import { Actions } from "./actions.ts"
import { Artifacts } from "./artifacts.ts"
import { Blobs } from "./blobs.ts"
import { Checkpoints } from "./checkpoints.ts"
import {
  Disk,
  isSystemError,
  makeLastingDirectory,
  readText,
  removeQuietly,
  uniqueName,
  writeAtomically
} from "./disk.ts"
import { type StoreLayout, storeFormat } from "./layout.ts"
import { defaultLeaseTimes, Leases, type LeaseTimes } from "./leases.ts"
import { StoreVersionMismatch } from "./store-error.ts"
import { onDisk } from "./store-fault.ts"

/**
 * The services of the store at `layout`.
 *
 * @param options.create makes the store where there is none, and fails where it cannot be written
 */
export const localStore = (
  layout: StoreLayout,
  options: { readonly create: boolean; readonly leaseTimes?: LeaseTimes }
) =>
  Layer.mergeAll(
    Artifacts.layer.pipe(Layer.provideMerge(Blobs.layer(layout))),
    Actions.layer(layout),
    Checkpoints.layer(layout),
    Leases.layer(layout, options.leaseTimes ?? defaultLeaseTimes),
    Layer.effectDiscard(checkFormat(layout, options.create))
  )

const FormatFile = Schema.fromJsonString(Schema.Struct({ format: Schema.Int }))

const checkFormat = Effect.fnUntraced(function* (layout: StoreLayout, create: boolean) {
  const disk = yield* Disk
  const text = yield* onDisk("open the store at", layout.root, () =>
    // Reading what is no file may never end.
    disk.exists(layout.format) ? (readText(disk, layout.format) ?? "") : undefined
  )
  if (text === undefined) {
    if (create) yield* onDisk("make a store at", layout.root, () => writeFormat(disk, layout))
    return
  }
  const found = Schema.decodeUnknownOption(FormatFile)(text)
  const format = found._tag === "Some" ? found.value.format : undefined
  if (format !== storeFormat) {
    const shown = format === undefined ? "unknown" : String(format)
    return yield* new StoreVersionMismatch({ path: layout.root, found: shown, expected: storeFormat })
  }
  if (create) yield* onDisk("write to the store at", layout.root, () => probeWrite(disk, layout))
})

const writeFormat = (disk: Disk["Service"], layout: StoreLayout): void => {
  makeLastingDirectory(disk, layout.scratch)
  writeAtomically(
    disk,
    layout.scratch,
    layout.format,
    Buffer.from(`${JSON.stringify({ format: storeFormat })}\n`)
  )
}

/**
 * A store that cannot be written is an error before any work starts, not after an hour of it. On a full disk the memories make
 * room, which only save time: a garbage collection writes a lease before it removes anything.
 */
const probeWrite = (disk: Disk["Service"], layout: StoreLayout): void => {
  try {
    writeProbe(disk, layout)
  } catch (error) {
    if (!isSystemError(error) || !["ENOSPC", "EDQUOT"].includes(error.code)) throw error
    for (const name of disk.list(layout.memos)) disk.remove(`${layout.memos}/${name}`)
    writeProbe(disk, layout)
  }
}

const writeProbe = (disk: Disk["Service"], layout: StoreLayout): void => {
  disk.makeDirectory(layout.scratch)
  const path = `${layout.scratch}/${uniqueName()}`
  try {
    disk.createWhole(path, new Uint8Array([0]))
  } finally {
    removeQuietly(disk, path)
  }
}
