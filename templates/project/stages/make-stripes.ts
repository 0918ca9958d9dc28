/** Draws noisy images of two classes, horizontal and vertical stripes, by turns. */
import { Dataset, Effect, Random, Schema, Stage } from "advpipe"

const size = 8
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

export const makeStripes = Stage.make("make-stripes", {
  inputs: {},
  params: Schema.Struct({ count: Schema.Int, noise: Share, seed: Schema.Int }),
  output: Dataset,

  *run(_, { count, noise, seed }) {
    const labels = Int32Array.from({ length: count }, (_, image) => image % 2)
    const stripes = Array.from({ length: count * size * size }, (_, pixel) => {
      const vertical = labels[Math.floor(pixel / (size * size))] === 1
      return (vertical ? pixel : Math.floor(pixel / size)) % 2
    })
    // Mixed, not added: a pixel stays between 0 and 1.
    const pixels = yield* Effect.forEach(stripes, (stripe) =>
      Effect.map(Random.next, (grain) => (1 - noise) * stripe + noise * grain)
    ).pipe(Random.withSeed(seed))
    const classes = ["horizontal", "vertical"]
    return Dataset.fromArrays({
      info: { name: "stripes", shape: [size, size, 1], classes, notes: {} },
      images: Float32Array.from(pixels),
      labels
    })
  }
})
