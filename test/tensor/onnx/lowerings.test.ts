/** Which kernels engine `onnx` has. */
import "@tensorflow/tfjs-backend-cpu"
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { lowerings } from "../../../src/tensor/onnx/lowerings.ts"

/** Kernels of TensorFlow.js's reference that are left out on purpose. */
const without = {
  volumes: [
    ...["AvgPool3D", "AvgPool3DGrad", "Conv3D", "Conv3DBackpropFilterV2", "Conv3DBackpropInputV2"],
    ...["MaxPool3D", "MaxPool3DGrad"]
  ],
  complexNumbers: ["Complex", "ComplexAbs", "FFT", "IFFT", "Imag", "Real"],
  random: ["Multinomial"],
  // The shape of the result depends on values.
  shapesFromValues: [
    ...["BroadcastArgs", "NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5", "RaggedGather"],
    ...["RaggedRange", "RaggedTensorToTensor", "SparseFillEmptyRows", "SparseReshape", "Unique"]
  ],
  sparse: ["SparseSegmentMean", "SparseSegmentSum", "SparseToDense"],
  text: ["StaticRegexReplace", "StringNGrams", "StringSplit", "StringToHashBucketFast"],
  counts: ["Bincount", "DenseBincount", "SearchSorted"],
  bits: ["BitwiseAnd"],
  // Its parity with `cpu` failed twice in a whole run of the tests and never alone; nobody needs it until that is understood.
  notUnderstood: ["TensorScatterUpdate"],
  images: [
    ...["CropAndResize", "Dilation2D", "Dilation2DBackpropFilter", "Dilation2DBackpropInput", "Draw"],
    ...["MaxPoolWithArgmax", "RotateWithOffset", "Transform"]
  ]
}

describe("the kernels of engine onnx", () => {
  it("are all of the reference's but those left out on purpose", () => {
    const reference = tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName)
    const missing = reference.filter((kernel) => !Object.hasOwn(lowerings, kernel))
    assert.deepStrictEqual(missing.sort(), Object.values(without).flat().sort())
  })

  it("have the reference's names", () => {
    const unknown = Object.keys(lowerings).filter((kernel) => tf.getKernel(kernel, "cpu") === undefined)
    assert.deepStrictEqual(unknown, [])
  })
})
