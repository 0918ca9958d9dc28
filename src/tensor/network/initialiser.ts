/** How the weight and the bias of a layer begin, by name. `initialise.ts` draws the numbers. */
import { Schema } from "effect"

/**
 * - `glorot-uniform`: weight uniform within sqrt(6 / (fan in + fan out)), bias zero; Keras' default.
 *   Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", eq. 16
 * - `he-normal`, `he-uniform`: weight of variance 2 / fan in, bias zero. He et al. 2015, "Delving deep into rectifiers",
 *   section 2.2. Not truncated: Keras cuts its `he_normal` at two standard deviations, PyTorch does not
 * - `pytorch`: weight and bias uniform within 1 / sqrt(fan in), the default of `torch.nn.Linear` and `Conv2d`
 *   (`kaiming_uniform_` with a = sqrt 5)
 * - `zeros`
 * - `{ normal: s }`: weight normal with mean 0 and standard deviation s, bias zero
 */
export const Initialiser = Schema.Union([
  Schema.Literals(["glorot-uniform", "he-normal", "he-uniform", "pytorch", "zeros"]),
  Schema.Struct({ normal: Schema.Finite.check(Schema.isGreaterThan(0)) })
])
export type Initialiser = typeof Initialiser.Type
