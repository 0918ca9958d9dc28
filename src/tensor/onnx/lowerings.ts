/**
 * Every kernel that engine `onnx` has. They compute what TensorFlow.js's `cpu` backend computes, except
 *
 * - `Sign` and `Step` of what is no number: NaN, as in TensorFlow, and 0. TensorFlow.js has it the other way round;
 * - `Cast` to int32 of what no int32 can hold (NaN, infinity, too large): unspecified. TensorFlow.js has 0, or wraps;
 * - `Atan2` of two infinities: NaN;
 * - sums of booleans as booleans: true, not a 2 that is called bool;
 * - gradients of average pools with padding, and of resized images, where those of TensorFlow.js are wrong.
 *
 * What makes random numbers has no place here: randomness comes in as an input.
 */

import { arithmetic } from "./lowering/arithmetic.ts"
import { blocks } from "./lowering/blocks.ts"
import { constants } from "./lowering/constants.ts"
import { convolutions } from "./lowering/convolution.ts"
import { depthwise } from "./lowering/depthwise.ts"
import { elementwise } from "./lowering/elementwise.ts"
import { indexing } from "./lowering/indexing.ts"
import { normalisations } from "./lowering/normalisation.ts"
import { pools } from "./lowering/pooling.ts"
import { products } from "./lowering/products.ts"
import { reductions } from "./lowering/reductions.ts"
import { resizing } from "./lowering/resizing.ts"
import { scans } from "./lowering/scans.ts"
import { shapes } from "./lowering/shape.ts"
import type { Lowerings } from "./lowering.ts"

export const lowerings: Lowerings = {
  ...arithmetic,
  ...blocks,
  ...constants,
  ...convolutions,
  ...depthwise,
  ...elementwise,
  ...indexing,
  ...normalisations,
  ...pools,
  ...products,
  ...reductions,
  ...resizing,
  ...scans,
  ...shapes
}
