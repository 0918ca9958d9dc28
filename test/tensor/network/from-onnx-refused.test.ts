/** ONNX files that are no networks, or no files, or were made to do harm. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { fromOnnx } from "../../../src/tensor/network/from-onnx.ts"
import { floats, type ModelSpec, node, onnxModel, whole } from "./fixtures/onnx-model.ts"

const refused = (bytes: Uint8Array) => Effect.flip(fromOnnx(bytes, "hostile"))

const dense = [node("Flatten", "x", "f"), node("Gemm", "f w b", "y", { transB: 1 })]
const tensors = { w: floats([3, 32]), b: floats([3]) }
const conv = node("Conv", "x k", "a")
const k = floats([2, 2, 3, 3])

/** A chain in which some node is not understood. */
const nodes: ReadonlyArray<readonly [what: string, ModelSpec, message: RegExp]> = [
  [
    "an operator that is no layer",
    { nodes: [node("LSTM", "x", "y")] },
    /^ONNX model: node `y` \(LSTM\): operator LSTM is no layer here/
  ],
  [
    "an operator of another domain",
    { nodes: [node("com.microsoft:Gelu", "x", "y")] },
    /operator com\.microsoft:Gelu is no layer here/
  ],
  [
    "a residual connection",
    { nodes: [node("Relu", "x", "a"), node("Add", "a x", "y")] },
    /node `y` \(Add\): it brings two branches together/
  ],
  [
    "a branch that comes back",
    { nodes: [conv, node("Conv", "x k", "c"), node("Concat", "a c", "y", { axis: 1 })], tensors: { k } },
    /it reads what another branch has read, too/
  ],
  [
    "a dilated convolution",
    { nodes: [node("Conv", "x k", "y", { dilations: [2, 2] })], tensors: { k } },
    /dilations/
  ],
  [
    "groups that are neither one nor all",
    {
      nodes: [node("Conv", "x k", "y", { group: 2 })],
      tensors: { k: floats([4, 2, 1, 1]) },
      inputs: { x: [0, 4, 4, 4] }
    },
    /it has 2 groups for 4 channels/
  ],
  [
    "a weight for other channels",
    { nodes: [conv], tensors: { k: floats([2, 3, 1, 1]) }, outputs: ["a"] },
    /`k` is for 3 channels in each of 1 groups, and it gets 2/
  ],
  [
    "a window that sticks out",
    { nodes: [node("MaxPool", "x", "y", { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 })] },
    /ceil_mode is 1/
  ],
  [
    "an average in which padding counts",
    {
      nodes: [
        node("AveragePool", "x", "y", { kernel_shape: [2, 2], pads: [1, 1, 0, 0], count_include_pad: 1 })
      ]
    },
    /count_include_pad is 1, not 0/
  ],
  [
    "batch normalisation that trains",
    {
      nodes: [node("BatchNormalization", "x s s s s", "y", { training_mode: 1 })],
      tensors: { s: floats([2]) }
    },
    /training_mode is 1/
  ],
  [
    "a variance below zero",
    {
      nodes: [node("BatchNormalization", "x s s s v", "y")],
      tensors: { s: floats([2]), v: floats([2], [1, -1]) }
    },
    /its variance `v` is below zero/
  ],
  [
    "rows of another length",
    {
      nodes: [
        node("BatchNormalization", "x s s s s", "n"),
        node("Flatten", "n", "f"),
        node("MatMul", "f m", "y")
      ],
      tensors: { s: floats([3], [1, 1, 1]), m: floats([32, 3]) }
    },
    /node `n` \(BatchNormalization\): its weight is s \[3\], where \[2\] belongs/
  ],
  [
    "a scaled product",
    {
      nodes: [node("Flatten", "x", "f"), node("Gemm", "f w", "y", { transB: 1, alpha: { float: 2 } })],
      tensors
    },
    /alpha is 2, not 1/
  ],
  [
    "weights that are computed",
    { nodes: [node("Flatten", "x", "f"), node("MatMul", "f f", "y")] },
    /input 2 `f` is the output of a layer, where a tensor of the file is expected/
  ],
  [
    "a softmax in the middle",
    { nodes: [...dense, node("Softmax", "y", "s"), node("Relu", "s", "z")], tensors, outputs: ["z"] },
    /node `z` \(Relu\): it comes after a softmax/
  ],
  [
    "a bias after the softmax",
    {
      nodes: [
        node("Flatten", "x", "f"),
        node("Gemm", "f w", "g", { transB: 1 }),
        node("Softmax", "g", "s"),
        node("Add", "s b", "y")
      ],
      tensors
    },
    /it comes after a softmax/
  ],
  [
    "images made of several images",
    { nodes: [node("Reshape", "x s", "y")], tensors: { s: whole(-1, 8) } },
    /it makes \[-1, 8\] of \[n, 2, 4, 4\]/
  ],
  [
    "rows of pixels for images",
    { nodes: [node("Flatten", "x", "y", { axis: 2 })] },
    /it flattens from axis 2/
  ],
  [
    "an attribute that is not known",
    { nodes: [node("MaxPool", "x", "y", { kernel_shape: [2, 2], stridez: [2, 2] })] },
    /node `y` \(MaxPool\): its attribute `stridez` is not known here/
  ],
  [
    "height and width exchanged",
    { nodes: [node("Transpose", "x", "y", { perm: [0, 1, 3, 2] })] },
    /it moves the axes of \[n, 2, 4, 4\] by \[0, 1, 3, 2\]/
  ],
  [
    "a number for each column",
    { nodes: [node("Add", "x c", "y")], tensors: { c: floats([2, 4, 4]) } },
    /`c` of shape \[2, 4, 4\] is not one number for each channel/
  ],
  [
    "a division by zero",
    { nodes: [node("Div", "x z", "y")], tensors: { z: floats([], [0]) } },
    /with `z` it is no normalisation/
  ],
  ["an erf alone", { nodes: [node("Erf", "x", "y")] }, /it is no part of a GELU/],
  [
    "the mask of a dropout",
    { nodes: [node("Dropout", "x", "a m"), node("Relu", "m", "y")] },
    /it reads `m`, a second output/
  ],
  ["images for logits", { nodes: [node("Relu", "x", "y")] }, /where \[classes\] belongs/]
]

/** Files that are wrong as such. */
const files: ReadonlyArray<readonly [what: string, bytes: Uint8Array, message: RegExp]> = [
  ["nothing", new Uint8Array(), /not a valid file: it has no graph/],
  ["text", Buffer.from("no model"), /not a valid file: /],
  ["an old operator set", onnxModel({ nodes: dense, tensors, opset: 6 }), /it uses operator set 6/],
  [
    "two inputs",
    onnxModel({ nodes: dense, tensors, inputs: { x: [0, 2, 4, 4], z: [1] } }),
    /2 inputs: `x`, `z`/
  ],
  ["two outputs", onnxModel({ nodes: dense, tensors, outputs: ["y", "f"] }), /2 outputs: `y`, `f`/],
  ["no output", onnxModel({ nodes: dense, tensors, outputs: [] }), /it has no output/],
  [
    "half precision",
    onnxModel({ nodes: dense, tensors, elemType: 10 }),
    /input `x`: its element type is float16/
  ],
  [
    "images of any size",
    onnxModel({ nodes: dense, tensors, inputs: { x: [0, 2, 0, 0] } }),
    /its shape is \[\?, 2, \?, \?\]/
  ],
  [
    "huge images",
    onnxModel({ nodes: dense, tensors, inputs: { x: [0, 2, 2 ** 40, 4] } }),
    /it gives \[1099511627776, 4, 2\] for one image/
  ],
  [
    "huge padding",
    onnxModel({ nodes: [node("Conv", "x k", "y", { pads: [2 ** 30, 2 ** 30, 0, 0] })], tensors: { k } }),
    /for one image/
  ],
  [
    "a missing tensor",
    onnxModel({ nodes: dense, tensors: { w: tensors.w } }),
    /node `y` \(Gemm\): it needs `b`, which nothing makes/
  ],
  [
    "a missing output",
    onnxModel({ nodes: dense, tensors, outputs: ["z"] }),
    /output `z`: it needs `z`, which nothing makes/
  ],
  [
    "a circle",
    onnxModel({ nodes: [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Relu", "b", "y")] }),
    /node `a` \(Add\): it reads `b`, which depends on it/
  ],
  ["a name made twice", onnxModel({ nodes: [...dense, ...dense], tensors }), /`f` is made twice/],
  [
    "a tensor in another file",
    onnxModel({ nodes: dense, tensors: { ...tensors, b: { dims: [3], dataType: 1, dataLocation: 1 } } }),
    /node `y` \(Gemm\): tensor `b` lies in another file/
  ],
  [
    "a tensor that was cut short",
    onnxModel({ nodes: dense, tensors: { ...tensors, b: { ...floats([3]), dims: [4] } } }),
    /tensor `b` of shape \[4\] holds 12 bytes of float32/
  ],
  [
    "a tensor larger than memory",
    onnxModel({ nodes: dense, tensors: { ...tensors, b: { ...floats([3]), dims: [2 ** 50, 2 ** 50] } } }),
    /tensor `b` of shape \[1125899906842624, 1125899906842624\] holds 12 bytes/
  ],
  [
    "a tensor of negative length",
    onnxModel({ nodes: dense, tensors: { ...tensors, b: { ...floats([3]), dims: [-1, -3] } } }),
    /tensor `b` of shape \[-1, -3\] holds 12 bytes/
  ],
  [
    "half of a weight's precision",
    onnxModel({
      nodes: dense,
      tensors: { ...tensors, b: { dims: [3], dataType: 10, rawData: new Uint8Array(6) } }
    }),
    /tensor `b` is of element type float16/
  ],
  [
    "a weight that is not a number",
    onnxModel({ nodes: dense, tensors: { ...tensors, b: floats([3], [1, Number.NaN, 2]) } }),
    /element 1 of `fc1\.bias` is NaN/
  ],
  // An operator's list of a million numbers, in one byte each.
  [
    "millions of small parts",
    onnxModel({ nodes: [node("Flatten", "x", "y", { axes: new Array(1_000_001).fill(0) })] }),
    /it has more than 1000000 parts/
  ]
]

describe("a file that is no network of ours", () => {
  it.effect.each(nodes)("is refused for %s", ([, spec, message]) =>
    Effect.gen(function* () {
      const error = yield* refused(onnxModel(spec))
      assert.match(error.message, message)
      assert.notStrictEqual(error.hint, "")
    })
  )

  it.effect.each(files)("is refused for %s, too", ([, bytes, message]) =>
    Effect.gen(function* () {
      const error = yield* refused(bytes)
      assert.match(error.message, message)
      assert.notStrictEqual(error.hint, "")
    })
  )

  it.effect("ends as a network or as a typed error, whatever happened to its bytes", () =>
    Effect.promise(async () => {
      const whole = ["conv-script", "mlp-script", "mlp-dynamo"].map((name) =>
        readFileSync(join(import.meta.dirname, `fixtures/onnx/${name}.onnx`))
      )
      const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 8
      })
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...whole),
          flips,
          fc.option(fc.nat()),
          async (file, changes, cut) => {
            const bytes = new Uint8Array(file).slice(0, cut === null ? file.length : cut % file.length)
            for (const [at, bits] of changes)
              if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits
            const outcome = await Effect.runPromise(
              fromOnnx(bytes, "flipped").pipe(
                Effect.as("taken"),
                Effect.catch((error) => Effect.succeed(error._tag))
              )
            )
            assert.include(["taken", "BadOnnx", "BadNetwork", "BadWeights"], outcome)
          }
        ),
        { numRuns: 400 }
      )
    })
  )
})
