/** Every kernel that engine `onnx` has. */

import { convolutions } from "./lowering/convolution.ts"
import { elementwise } from "./lowering/elementwise.ts"
import { pools } from "./lowering/pooling.ts"
import { products } from "./lowering/products.ts"
import { reductions } from "./lowering/reductions.ts"
import { shapes } from "./lowering/shape.ts"
import type { Lowerings } from "./lowering.ts"

export const lowerings: Lowerings = {
  ...convolutions,
  ...elementwise,
  ...pools,
  ...products,
  ...reductions,
  ...shapes
}
