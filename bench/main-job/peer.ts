/** The same experiment by PyTorch (bench/peers/torch-main-job.py). */
import { join } from "node:path"
import { Schema } from "effect"
import { evaluationBatch } from "../../pipelines/mnist-advtrain/training.ts"
import { type Job, pipeline } from "./job.ts"
import { type Watched, watch } from "./watched.ts"

const script = join(import.meta.dirname, "..", "peers", "torch-main-job.py")

/** Accuracy by epsilon, of nodes by name. */
const Accuracies = Schema.Record(Schema.String, Schema.Array(Schema.Tuple([Schema.Finite, Schema.Finite])))
export type Accuracies = typeof Accuracies.Type

const Answer = Schema.Struct({
  torch: Schema.String,
  seconds: Schema.Finite,
  /** In seconds of the process that did it; those of two processes add up. */
  parts: Schema.Record(Schema.String, Schema.Finite),
  accuracies: Accuracies
})
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Answer))

export interface PeerRun {
  readonly watched: Watched
  readonly answer: typeof Answer.Type
}

/** Where the peer finds what ours has loaded: MNIST's own files, or the digits that ours has generated. */
export const dataFor = (job: Job, directory: string) => {
  if (job.dataDirectory !== undefined) return { idx: job.dataDirectory }
  const exported = (node: string): string => {
    pipeline("artifacts", "export", node, join(directory, node), "--store", job.store)
    return join(directory, node, "data.safetensors")
  }
  return { train: exported("train"), test: exported("test") }
}

/** Runs it as a process of its own, on as many cores as ours had. */
export const runPeer = async (options: {
  readonly python: string
  readonly params: Schema.Json
  readonly data: ReturnType<typeof dataFor>
  readonly cores: number
  readonly tuned: boolean
}): Promise<PeerRun> => {
  const { python, params, data, cores, tuned } = options
  // One thread each: two threads on one batch of this size wait for each other more than they gain.
  const split = { processes: cores, threads: 1 }
  const job = { params, data, evaluationBatch, ...split, tuned }
  // Compiled modules would lie beside the sources.
  const environment = { PYTHONDONTWRITEBYTECODE: "1" }
  const watched = await watch(
    { file: python, args: [script, JSON.stringify(job)], cwd: "/", environment },
    cores
  )
  return { watched, answer: decode(watched.stdout) }
}
