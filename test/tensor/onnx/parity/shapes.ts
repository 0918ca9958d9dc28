/** Random shapes for cases. */
import fc from "fast-check"

export const size = fc.integer({ min: 1, max: 4 })

export const shapeOf = (min: number, max: number): fc.Arbitrary<Array<number>> =>
  fc.array(size, { minLength: min, maxLength: max })

/** Shapes of two operands that stretch to fit each other. */
export const pairs = fc
  .tuple(shapeOf(0, 4), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }), fc.nat(4))
  .map(([whole, fates, cut]) => {
    const left = whole.map((length, axis) => (fates[axis] === 1 ? 1 : length))
    const right = whole.map((length, axis) => (fates[axis] === 2 ? 1 : length))
    return { left, right: right.slice(Math.min(cut, right.length)) }
  })

/** A shape with some of its axes. */
export const withAxes = shapeOf(1, 4).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axes: fc.subarray(shape.map((_, axis) => axis)),
    axis: fc.nat(shape.length - 1),
    keep: fc.boolean()
  })
)
