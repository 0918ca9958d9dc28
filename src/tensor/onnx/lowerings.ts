/** Every kernel that engine `onnx` has. */

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
