/** What a benchmark is: a name to call it by, and what it does. */
import type { Report } from "./report.ts"

export interface Bench {
  readonly name: string
  readonly run: (report: Report, settings: Settings) => Promise<void>
}

/** What the command line says besides names. */
export interface Settings {
  /** `engine`: where a training step of this network spends its time, and nothing else. */
  readonly profile: string | undefined
  /** `engine`, `tracking`: the cases or parts whose name has this in it. */
  readonly only: string | undefined
  /** `engine`: how long a turn takes at least. */
  readonly seconds: number | undefined
  /** `engine`, `tracking`: how many turns everybody has. */
  readonly rounds: number | undefined
  /** `engine`, `main-job`: also beside PyTorch with settings that make it faster. */
  readonly tuned: boolean
  /** `main-job`, `time-left`: the pipeline's preset. */
  readonly preset: string | undefined
  /** `main-job`, `time-left`: where real MNIST is. */
  readonly dataDirectory: string | undefined
  /** `main-job`, `time-left`, `tracking`: params that are set otherwise, `NAME=VALUE` each. */
  readonly sets: ReadonlyArray<string>
  /** `main-job`: how many adversarial images are generated. */
  readonly images: number | undefined
  /** `tracking`: how many points are sent; ten times as many where memory is measured. */
  readonly points: number | undefined
}
