/** What stages share: cores, graphics processors, memory. Each is a number of permits. */
import { availableParallelism, totalmem } from "node:os"
import type { StageOptions } from "../stage/node.ts"

export interface Amounts {
  readonly cores: number
  readonly gpu: number
  /** In MiB. */
  readonly memory: number
}

/** What this machine has. Graphics processors are counted by whoever knows of them: `PIPELINE_GPUS`. */
export const machineAmounts = (jobs: number | undefined, gpus: number): Amounts => ({
  cores: jobs ?? availableParallelism(),
  // Where none is announced there may be one all the same; two stages must not believe to have it alone.
  gpu: Math.max(1, gpus),
  memory: Math.floor(totalmem() / 2 ** 20)
})

/** What a stage takes. More than there is counts as all there is: the stage then runs alone. */
export const demandOf = (options: StageOptions, total: Amounts): Amounts => ({
  cores: Math.max(1, Math.min(options.cores ?? 1, total.cores)),
  gpu: Math.min(options.gpu ?? 0, total.gpu),
  memory: Math.min(options.memory ?? 0, total.memory)
})

/** Permits that are free, and those who wait for some. */
export interface Resources {
  /** Takes all of `amounts`, or nothing and returns false. */
  take(amounts: Amounts): boolean
  give(amounts: Amounts): void
  /** Whether nothing can start, because every stage needs a core. */
  exhausted(): boolean
}

export const makeResources = (total: Amounts): Resources => {
  const free = { ...total }
  return {
    take: ({ cores, gpu, memory }) => {
      if (cores > free.cores || gpu > free.gpu || memory > free.memory) return false
      free.cores -= cores
      free.gpu -= gpu
      free.memory -= memory
      return true
    },
    give: ({ cores, gpu, memory }) => {
      free.cores += cores
      free.gpu += gpu
      free.memory += memory
    },
    exhausted: () => free.cores <= 0
  }
}
