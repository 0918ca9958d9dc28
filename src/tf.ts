/**
 * What a project imports as `advpipe/tf`: TensorFlow.js, of which every process must have one copy.
 *
 * Its ops are functions: `tf.add(a, b)`. The methods of tensors (`a.add(b)`) are not there.
 */
export * from "@tensorflow/tfjs-core"
