/** Counts what a model says of images, batch after batch. */
import type { SweepTrial } from "../../artifact/kinds/sweep.ts"

/** What a model says of images, per image. */
export interface Said {
  /** `[n]` */
  readonly predictions: Int32Array
  /** The probability of the predicted class, `[n]`. */
  readonly confidence: Float64Array
  /** Cross-entropy at the label, in nats, `[n]`. */
  readonly loss: ArrayLike<number>
}

/** What logits `[n, classes]` say, computed in doubles: the class of the largest, the first of equal ones. */
export const saidBy = (logits: Float32Array, labels: Int32Array, classes: number): Said => {
  const predictions = new Int32Array(labels.length)
  const confidence = new Float64Array(labels.length)
  const loss = new Float64Array(labels.length)
  for (const [row, label] of labels.entries()) {
    const values = logits.subarray(row * classes, (row + 1) * classes)
    let largest = 0
    for (let each = 1; each < classes; each++)
      if ((values[each] ?? 0) > (values[largest] ?? 0)) largest = each
    const top = values[largest] ?? 0
    let sum = 0
    for (const value of values) sum += Math.exp(value - top)
    predictions[row] = largest
    confidence[row] = 1 / sum
    loss[row] = Math.log(sum) + top - (values[label] ?? 0)
  }
  return { predictions, confidence, loss }
}

/** Sums over the images seen so far. */
export class Tally {
  readonly #classes: ReadonlyArray<string>
  readonly #counts: Array<number>
  readonly #correct: Array<number>
  #confidence = 0
  #wrongConfidence = 0
  #loss = 0

  /** @param classes the classes' names */
  constructor(classes: ReadonlyArray<string>) {
    this.#classes = classes
    this.#counts = classes.map(() => 0)
    this.#correct = classes.map(() => 0)
  }

  /** @param alreadyWrong 1 for the images that count as wrong whatever was said of them now, `[n]` */
  add(labels: Int32Array, said: Said, alreadyWrong?: Uint8Array): void {
    for (const [row, label] of labels.entries()) {
      const confidence = said.confidence[row] ?? 0
      const right = said.predictions[row] === label && alreadyWrong?.[row] !== 1
      this.#counts[label] = (this.#counts[label] ?? 0) + 1
      if (right) this.#correct[label] = (this.#correct[label] ?? 0) + 1
      else this.#wrongConfidence += confidence
      this.#confidence += confidence
      this.#loss += said.loss[row] ?? 0
    }
  }

  /** @param set what the images are called */
  result(set: string): SweepTrial {
    const count = sum(this.#counts)
    const correct = sum(this.#correct)
    return {
      set,
      count,
      correct,
      perClass: this.#classes.map((name, label) => ({
        name,
        count: this.#counts[label] ?? 0,
        correct: this.#correct[label] ?? 0
      })),
      confidence: this.#confidence / count,
      wrongConfidence: count === correct ? null : this.#wrongConfidence / (count - correct),
      loss: this.#loss / count
    }
  }
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
