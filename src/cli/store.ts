/** The store that a command works on, with runs and workers. */
import { resolve } from "node:path"
import { Config, Duration, Effect, Layer, Schema } from "effect"
import { Disk } from "../artifact/disk.ts"
import { storeLayout } from "../artifact/layout.ts"
import { localStore } from "../artifact/local-store.ts"
import { RunStore } from "../track/run-store.ts"
import { Workers } from "../worker/workers.ts"
import { workerEntry } from "./program.ts"

/** @param options.create the command writes to the store: it is made where it is not there */
export const storeServices = (directory: string, options: { readonly create: boolean }) => {
  const layout = storeLayout(resolve(directory))
  const store = Effect.map(leaseTimes, (times) => localStore(layout, { ...options, leaseTimes: times }))
  const services = Layer.mergeAll(Layer.unwrap(store), RunStore.layer(layout), Workers.layer(workerEntry))
  return { layout, services: services.pipe(Layer.provideMerge(Disk.layer)) }
}

/** `PIPELINE_LEASE_PATIENCE` is no number of seconds. */
export class BadLeasePatience extends Schema.TaggedError<BadLeasePatience>()("BadLeasePatience", {
  value: Schema.String
}) {
  override get message() {
    return `PIPELINE_LEASE_PATIENCE is \`${this.value}\`, which is no number of seconds from 1 to 3600`
  }
  get hint() {
    return "leave it away, or name the seconds without a sign of life after which a process is given up: 30"
  }
}

/** Ten heartbeats come in the time after which a silent process is given up. */
const leaseTimes = Effect.gen(function* () {
  const value = yield* Effect.orDie(Config.String("PIPELINE_LEASE_PATIENCE").pipe(Config.withDefault("10")))
  const seconds = Number(value)
  // Below a second, a busy machine looks like a dead one.
  if (!(seconds >= 1 && seconds <= 3600)) return yield* new BadLeasePatience({ value })
  return { heartbeat: Duration.seconds(seconds / 10), patience: Duration.seconds(seconds) }
})
