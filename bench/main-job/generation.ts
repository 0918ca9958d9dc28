/** Generating adversarial images by the experiment's own stage: how fast beside the bare engine, and in how much memory. */
import { join } from "node:path"
import { Schema } from "effect"
import { evaluationBatch } from "../../pipelines/mnist-advtrain/training.ts"
import type { TaskName } from "../engine/cases.ts"
import { batchSize, NetworkName } from "../engine/cases.ts"
import { type Side, startProcess } from "../engine/measured-process.ts"
import { frameworkImports, makeProject } from "../rig/ours.ts"
import { discard } from "../rig/scratch.ts"
import { type Spread, spreadOf } from "../rig/spread.ts"
import { watch } from "./watched.ts"

const root = join(import.meta.dirname, "..", "..")
const file = join(root, "bin", "pipeline")

/** How often, and for how many seconds each, the bare engine works before and after. */
const rounds = 3
const seconds = 2

export interface Generation {
  readonly images: number
  /** Images per second of one core, from the stage's start to its output in the store. */
  readonly rate: number
  /** Memory at the peak in MB, of all processes of the run. */
  readonly peak: number
  /** The engine bench's cases, on the same core: the images alone, and with what the network says of them. */
  readonly fgsm: Spread
  readonly attacker: Spread
}

/** @param name one of the networks that the engine bench has */
export const measureGeneration = async (name: string, images: number): Promise<Generation> => {
  const network = Schema.decodeUnknownSync(NetworkName)(name)
  const fgsm: Array<number> = []
  const attacker: Array<number> = []
  const bare = async (): Promise<void> => {
    fgsm.push(...(await engineRates("fgsm", network)))
    attacker.push(...(await engineRates("attacker", network)))
  }
  await bare()
  const stage = await runStage(network, images)
  await bare()
  return { images, ...stage, fgsm: spreadOf(fgsm), attacker: spreadOf(attacker) }
}

const engineSide: Side = {
  name: "engine",
  command: (work) => [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    join(import.meta.dirname, "..", "engine", "our-process.ts"),
    work
  ]
}

const engineRates = async (task: TaskName, network: NetworkName): Promise<ReadonlyArray<number>> => {
  const process = await startProcess(engineSide, { task, network, threads: 1, batchSize })
  try {
    const rates: Array<number> = []
    for (let round = 0; round < rounds; round++) {
      const measured = await process.measure(seconds)
      rates.push(measured.images / measured.seconds)
    }
    await process.end()
    return rates
  } finally {
    process.kill()
  }
}

const Shown = Schema.Struct({
  nodes: Schema.Array(Schema.Struct({ name: Schema.String, seconds: Schema.Finite }))
})
const decodeShown = Schema.decodeUnknownSync(Schema.fromJsonString(Shown))

const runStage = async (network: NetworkName, images: number) => {
  const directory = makeProject("generation", project(network, images))
  try {
    const command = { file, args: ["run", "generation", "--jobs", "1"], cwd: directory }
    const { peak } = await watch(command, 1)
    const shown = await watch({ file, args: ["show", "last", "--json"], cwd: directory }, 1)
    const node = decodeShown(shown.stdout).nodes.find(({ name }) => name === "attacked")
    if (node === undefined) throw new Error("the run has no node `attacked`")
    return { rate: images / node.seconds, peak }
  } finally {
    discard(directory)
  }
}

/** What the images show makes no difference to the time, nor what the network has learned. */
const project = (network: NetworkName, images: number) => ({
  "stages/given.ts": `${frameworkImports}
import { Effect, Schema } from "effect"
import { Dataset, Model } from ${JSON.stringify(join(root, "src/artifact/index.ts"))}
import { RandomStream } from ${JSON.stringify(join(root, "src/data/random.ts"))}
import { initialise, knownNetworks, makeNetwork } from ${JSON.stringify(join(root, "src/tensor/network/index.ts"))}

const width = 28 * 28

export const noise = Stage.make("noise", {
  inputs: {},
  params: Schema.Struct({ count: Schema.Int }),
  output: Dataset,
  *run(_, { count }) {
    const some = new Float32Array(256 * width)
    new RandomStream({ seed: 1, purpose: 0, index: 0 }).fillUniform(some, 0, 255)
    const bytes = Uint8Array.from(some)
    return Dataset.generate({
      info: { name: "noise", shape: [28, 28, 1], classes: Array.from("0123456789"), notes: {} },
      count,
      dtype: "U8",
      rows: (from, to) =>
        Effect.sync(() => {
          const images = new Uint8Array((to - from) * width)
          for (let row = from; row < to; row++)
            images.set(bytes.subarray((row % 256) * width, ((row % 256) + 1) * width), (row - from) * width)
          return { images, labels: Int32Array.from({ length: to - from }, (_, row) => (from + row) % 10) }
        })
    })
  }
})

export const untrained = Stage.make("untrained", {
  inputs: {},
  params: Schema.Struct({}),
  output: Model,
  *run() {
    const network = yield* makeNetwork(knownNetworks["${network}"])
    return { network: network.description, weights: initialise(network, { seed: 1 }) }
  }
})
`,
  "pipelines/generation.ts": `${frameworkImports}
import { Schema } from "effect"
import { generateAdversarial } from ${JSON.stringify(join(root, "stages/generate-adversarial.ts"))}
import { fgsm } from ${JSON.stringify(join(root, "src/tensor/attack/makers.ts"))}
import { noise, untrained } from "../stages/given.ts"

export default Pipeline.make("generation", {
  description: "FGSM on many images",
  params: Schema.Struct({ count: Schema.Int }),
  presets: { only: { count: ${images} } },
  defaultPreset: "only",
  build: ({ count }) => ({
    attacked: generateAdversarial(
      { model: untrained({}, {}), data: noise({}, { count }) },
      { attack: fgsm({ epsilon: 0.1 }), seed: 1, batchSize: ${evaluationBatch} }
    )
  })
})
`
})
