/** Shapes of one example, without the batch: `[height, width, channels]`, or `[features]` after a flatten. */
export type Shape = ReadonlyArray<number>

export const shapeText = (shape: Shape): string => `[${shape.join(", ")}]`

/** What is wrong with a layer at its place, and the cure. */
export interface Misfit {
  readonly problem: string
  readonly hint: string
}

/** A layer's output shape, or why it has none. */
export type ShapeResult = Shape | Misfit

export const isMisfit = (result: ShapeResult): result is Misfit => "problem" in result

/** Height, width and channels of an image-shaped input, or the misfit that says there are none. */
export const imageShape = (input: Shape): readonly [number, number, number] | Misfit => {
  const [height, width, channels] = input
  if (input.length === 3 && height !== undefined && width !== undefined && channels !== undefined)
    return [height, width, channels]
  return {
    problem: `it wants [height, width, channels], and gets ${shapeText(input)}`,
    hint: "move it before the flatten"
  }
}
