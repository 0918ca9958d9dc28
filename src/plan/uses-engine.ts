/** Which stages may compute with tensors, told from what their code imports. */
import type { ElaboratedStage } from "./elaboration.ts"

/**
 * Whether a stage may use an engine: it writes its maths in TensorFlow.js, or has a part of this package do it. A
 * stage that comes out of an installed package may too, and nothing tells.
 */
export const mayUseEngine = ({ packages }: Pick<ElaboratedStage, "packages">): boolean =>
  Object.keys(packages).some((name) => name === "@tensorflow/tfjs-core" || name === "advpipe")
