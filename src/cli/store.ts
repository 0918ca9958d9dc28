/** The store that a command works on, with runs and workers. */
import { resolve } from "node:path"
import { Layer } from "effect"
import { Disk } from "../artifact/disk.ts"
import { storeLayout } from "../artifact/layout.ts"
import { localStore } from "../artifact/local-store.ts"
import { RunStore } from "../track/run-store.ts"
import { Workers } from "../worker/workers.ts"
import { workerEntry } from "./program.ts"

/** @param options.create the command writes to the store: it is made where it is not there */
export const storeServices = (directory: string, options: { readonly create: boolean }) => {
  const layout = storeLayout(resolve(directory))
  const services = Layer.mergeAll(
    localStore(layout, options),
    RunStore.layer(layout),
    Workers.layer(workerEntry)
  )
  return { layout, services: services.pipe(Layer.provideMerge(Disk.layer)) }
}
