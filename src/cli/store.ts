/** Opens a store: checks its format, and provides everything that works on it. */
import { resolve } from "node:path"
import { Effect, Layer, Schema } from "effect"
import { Actions } from "../artifact/actions.ts"
import { Artifacts } from "../artifact/artifacts.ts"
import { Blobs } from "../artifact/blobs.ts"
import { Disk, writeAtomically } from "../artifact/disk.ts"
import { type StoreLayout, storeFormat, storeLayout } from "../artifact/layout.ts"
import { defaultLeaseTimes, Leases } from "../artifact/leases.ts"
import { StoreVersionMismatch } from "../artifact/store-error.ts"
import { onDisk } from "../artifact/store-fault.ts"
import { RunStore } from "../track/run-store.ts"
import { Workers } from "../worker/workers.ts"
import { workerEntry } from "./program.ts"

const FormatFile = Schema.fromJsonString(Schema.Struct({ format: Schema.Int }))

/** Fails unless the store can be read by this version. Makes a new store where there is none and `create` is true. */
const checkFormat = Effect.fnUntraced(function* (layout: StoreLayout, create: boolean) {
  const disk = yield* Disk
  const text = yield* onDisk("open the store at", layout.root, () =>
    disk.exists(layout.format) ? Buffer.from(disk.readFile(layout.format)).toString("utf8") : undefined
  )
  if (text === undefined) {
    if (!create) return
    const content = Buffer.from(`${JSON.stringify({ format: storeFormat })}\n`)
    yield* onDisk("make a store at", layout.root, () => {
      disk.makeDirectory(layout.scratch)
      writeAtomically(disk, layout.scratch, layout.format, content)
    })
    return
  }
  const found = Schema.decodeUnknownOption(FormatFile)(text)
  const format = found._tag === "Some" ? found.value.format : undefined
  if (format !== storeFormat) {
    const shown = format === undefined ? "unknown" : String(format)
    yield* new StoreVersionMismatch({ path: layout.root, found: shown, expected: storeFormat })
  }
  if (create) yield* onDisk("write to the store at", layout.root, () => probeWrite(disk, layout))
})

/** A store that cannot be written is an error before any work starts, not after an hour of it. */
const probeWrite = (disk: Disk["Service"], layout: StoreLayout): void => {
  disk.makeDirectory(layout.scratch)
  const path = `${layout.scratch}/probe-${process.pid}`
  disk.remove(path)
  disk.createWhole(path, new Uint8Array())
  disk.remove(path)
}

/** The services of the store in `directory`. */
export const storeServices = (directory: string, options: { readonly create: boolean }) => {
  const layout = storeLayout(resolve(directory))
  const services = Layer.mergeAll(
    Artifacts.layer.pipe(Layer.provideMerge(Blobs.layer(layout))),
    Actions.layer(layout),
    Leases.layer(layout, defaultLeaseTimes),
    RunStore.layer(layout),
    Workers.layer(workerEntry)
  ).pipe(Layer.provideMerge(Disk.layer))
  const check = Layer.effectDiscard(checkFormat(layout, options.create)).pipe(Layer.provide(Disk.layer))
  return { layout, services: services.pipe(Layer.provideMerge(check)) }
}
