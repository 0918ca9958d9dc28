/** What is measured against PyTorch, and by how much ours has to be faster. */
import { Schema } from "effect"

/** Images in a batch, everywhere. */
export const batchSize = 128

/** What a process does over and over. Both sides know all of them; each starts with a fresh batch. */
export const TaskName = Schema.Literals([
  /** One step of training: forward, gradient, Adam. */
  "train",
  /** The same by the whole training loop: ours is `train`, theirs is what `train` is here. */
  "trainer",
  /** Loss, prediction and confidence of each image. */
  "evaluate",
  /** The adversarial images alone. */
  "fgsm",
  /** The adversarial images, and what the network says of them: ours is `makeAttacker`. */
  "attacker",
  /** 40 steps from a random start. */
  "pgd"
])
export type TaskName = typeof TaskName.Type

/** Networks that both sides have. */
export const NetworkName = Schema.Literals([
  "keras-cnn",
  "course-cnn",
  "no-pool-cnn",
  "even-deeper-cnn",
  "mlp-625",
  "mlp-625-dropout"
])
export type NetworkName = typeof NetworkName.Type

/** Ours divided by theirs, in images per second. */
export interface Bounds {
  readonly must: number
  readonly aim: number
}

export interface Case {
  readonly task: TaskName
  readonly network: NetworkName
  /** With this many threads. Without bounds, a case is only told. */
  readonly bounds: (threads: number) => Bounds | undefined
}

/** The same bounds with any number of threads. */
const bounds = (must: number, aim: number) => (): Bounds => ({ must, aim })

const none = () => undefined

export const cases: ReadonlyArray<Case> = [
  {
    task: "train",
    network: "keras-cnn",
    bounds: (threads) => (threads === 1 ? { must: 1.3, aim: 1.9 } : { must: 1.2, aim: 1.7 })
  },
  { task: "fgsm", network: "keras-cnn", bounds: bounds(1.3, 1.7) },
  { task: "evaluate", network: "keras-cnn", bounds: bounds(2, 2.5) },
  { task: "train", network: "course-cnn", bounds: bounds(1.1, 1.5) },
  { task: "train", network: "no-pool-cnn", bounds: bounds(0.9, 1.2) },
  { task: "train", network: "even-deeper-cnn", bounds: bounds(0.85, 1.15) },
  { task: "train", network: "mlp-625", bounds: bounds(1, 1.2) },
  { task: "pgd", network: "keras-cnn", bounds: bounds(1.3, 1.7) },
  { task: "train", network: "mlp-625-dropout", bounds: none },
  { task: "trainer", network: "keras-cnn", bounds: none },
  { task: "trainer", network: "course-cnn", bounds: none },
  { task: "attacker", network: "keras-cnn", bounds: none }
]

export const caseName = ({ task, network }: Case): string => `${task} ${network}`

export const coresText = (threads: number): string =>
  threads === 1 ? "one core" : threads === 2 ? "two cores" : `${threads} cores`
