/** Minus the true class's logit. */
import * as tf from "@tensorflow/tfjs-core"
import { classesOf, type Loss, oneHot, pick, withSlope } from "./loss.ts"

/**
 * Minus the true class's logit: what PyTorch's `nll_loss` computes from logits that saw no `log_softmax`.
 *
 * It is for attacks. As a training loss it has no minimum.
 *
 * @see Sen & Liu, study 2 of this project, whose FGSM follows this gradient
 */
export const rawLogit: Loss = (logits, labels) =>
  withSlope(logits, (z) => {
    const slope = tf.neg(oneHot(labels, classesOf(z)))
    return { value: pick(z, slope), slope }
  })
