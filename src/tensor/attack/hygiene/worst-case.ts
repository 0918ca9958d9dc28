/**
 * The images that are classified correctly under every attack: 1 where all of `correct` have 1.
 *
 * Robust accuracy is the mean of this, which is not the least of the attacks' accuracies: attacks defeat different images.
 *
 * @param correct per attack, per image in the same order: 1 where the model is right, else 0
 */
export const worstCase = (correct: ReadonlyArray<Uint8Array>): Uint8Array =>
  Uint8Array.from(correct[0] ?? [], (_, image) => Number(correct.every((each) => each[image] === 1)))
