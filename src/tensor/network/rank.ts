/** Tells the compiler what `makeNetwork` has checked: the rank of a tensor. Adds no op. */
import type * as tf from "@tensorflow/tfjs-core"

/** Images or filters: a tensor of rank 4. */
export const rank4 = (tensor: tf.Tensor): tf.Tensor4D => {
  if (isRank4(tensor)) return tensor
  throw new Error(`a tensor of shape [${tensor.shape.join(", ")}] came where one of rank 4 belongs`)
}

const isRank4 = (tensor: tf.Tensor): tensor is tf.Tensor4D => tensor.rank === 4
