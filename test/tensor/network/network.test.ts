import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { LayerData } from "../../../src/tensor/network/decode-layer.ts"
import { knownNetworks } from "../../../src/tensor/network/known/index.ts"
import { type LayerDescription, makeNetwork } from "../../../src/tensor/network/network.ts"
import { summarise } from "../../../src/tensor/network/summarise.ts"

const input = { type: "input", shape: [8, 8, 3] } as const

/** What a reader of the error sees. */
const complaint = (...layers: ReadonlyArray<LayerData>) =>
  makeNetwork({ name: "mine", layers }).pipe(
    Effect.flip,
    Effect.map((error) => `${error.message} (hint: ${error.hint})`)
  )

describe("a network", () => {
  it.effect("names its layers by sort and order, and its tensors by layer", () =>
    Effect.gen(function* () {
      const layers: ReadonlyArray<LayerDescription> = [
        input,
        { type: "normalise", mean: [0, 0.5, 1], std: [1, 1, 2] },
        { type: "conv2d", name: "stem", filters: 4, kernelSize: [3, 2], useBias: false },
        { type: "batchNorm" },
        { type: "relu" },
        { type: "conv2d", filters: 6, kernelSize: [3, 3], strides: [2, 1], padding: "same" },
        {
          type: "depthwiseConv2d",
          depthMultiplier: 2,
          kernelSize: [3, 3],
          padding: [
            [1, 1],
            [0, 2]
          ]
        },
        { type: "averagePool", size: [3, 7], padding: "same" },
        { type: "flatten" },
        { type: "dropout", rate: 0.5 },
        { type: "dense", units: 5 }
      ]
      const network = yield* makeNetwork({ name: "mine", layers })
      assert.deepStrictEqual(
        network.layers.map(({ name }, index) => `${name} ${network.shapes[index]?.join("x")}`),
        [
          "input1 8x8x3",
          "normalise1 8x8x3",
          "stem 6x7x4",
          "bn1 6x7x4",
          "relu1 6x7x4",
          "conv2 3x7x6",
          "depthwise1 3x7x12",
          "pool1 1x1x12",
          "flatten1 12",
          "dropout1 12",
          "fc1 5"
        ]
      )
      const shapes = (signature: typeof network.parameters) =>
        Object.entries(signature).map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.join("x")}`)
      assert.deepStrictEqual(shapes(network.parameters), [
        "stem.weight F32 3x2x3x4",
        "bn1.weight F32 4",
        "bn1.bias F32 4",
        "conv2.weight F32 3x3x4x6",
        "conv2.bias F32 6",
        "depthwise1.weight F32 3x3x6x2",
        "depthwise1.bias F32 12",
        "fc1.weight F32 12x5",
        "fc1.bias F32 5"
      ])
      assert.deepStrictEqual(shapes(network.statistics), ["bn1.running_mean F32 4", "bn1.running_var F32 4"])
      assert.deepStrictEqual([...network.input], [8, 8, 3])
      assert.strictEqual(network.classes, 5)
    })
  )

  it.effect.each([
    ["keras-cnn", 225_034, 0],
    ["course-cnn", 173_610, 384],
    ["even-deeper-cnn", 1_469_994, 0],
    ["no-pool-cnn", 4_738_826, 0],
    ["mlp-625", 496_250, 0],
    ["mlp-625-dropout", 496_250, 0]
  ] as const)("%s has the published number of parameters, %d", ([name, trainable, nonTrainable]) =>
    Effect.gen(function* () {
      const network = yield* makeNetwork(knownNetworks[name])
      const summary = summarise(network)
      assert.strictEqual(network.name, name)
      assert.strictEqual(summary.trainable, trainable)
      assert.strictEqual(summary.nonTrainable, nonTrainable)
      assert.strictEqual(summary.total, trainable + nonTrainable)
      assert.strictEqual(network.classes, 10)
    })
  )

  it.effect("is summarised as Keras does it", () =>
    Effect.gen(function* () {
      const network = yield* makeNetwork({
        name: "tiny",
        layers: [input, { type: "flatten" }, { type: "dense", units: 100 }, { type: "batchNorm" }]
      })
      assert.strictEqual(
        summarise(network).table,
        [
          "network tiny",
          "layer (type)        output shape  parameters",
          "──────────────────  ────────────  ──────────",
          "input1 (input)      [8, 8, 3]              0",
          "flatten1 (flatten)  [192]                  0",
          "fc1 (dense)         [100]             19,300",
          "bn1 (batchNorm)     [100]                400",
          "──────────────────  ────────────  ──────────",
          "total parameters: 19,700",
          "trainable: 19,500",
          "non-trainable: 200"
        ].join("\n")
      )
    })
  )
})

describe("a description that is no network is refused", () => {
  const dense = { type: "dense", units: 10 }
  const cases: ReadonlyArray<readonly [name: string, layers: ReadonlyArray<LayerData>, complaint: string]> = [
    [
      "a dense layer on images",
      [input, dense],
      'network `mine`: layer 2 (dense `fc1`): it wants [features], and gets [8, 8, 3] (hint: put { type: "flatten" } before it)'
    ],
    [
      "a convolution on features",
      [input, { type: "flatten" }, { type: "conv2d", name: "late", filters: 1, kernelSize: [1, 1] }],
      "network `mine`: layer 3 (conv2d `late`): it wants [height, width, channels], and gets [192] (hint: move it before the flatten)"
    ],
    [
      "a window larger than the image",
      [input, { type: "maxPool", size: [9, 1] }],
      'layer 2 (maxPool `pool1`): its window of [9, 1] is larger than its input [8, 8, 3] (hint: use a smaller window, `padding: "same"`, or fewer poolings before it)'
    ],
    [
      "padding without pixels",
      [
        input,
        {
          type: "averagePool",
          size: [2, 2],
          padding: [
            [2, 0],
            [0, 0]
          ]
        }
      ],
      "layer 2 (averagePool `pool1`): its padding [[2,0],[0,0]] leaves windows of [2,2] without a pixel"
    ],
    [
      "a normalisation of other channels",
      [input, { type: "normalise", mean: [0.5], std: [0.5] }],
      "layer 2 (normalise `normalise1`): it has 1 means and 1 stds, and its input [8, 8, 3] has 3 channels (hint: give 3 of each)"
    ],
    [
      "unequal strides of a depthwise convolution",
      [input, { type: "depthwiseConv2d", kernelSize: [2, 2], strides: [1, 2] }],
      "its strides [1, 2] differ in height and width"
    ],
    ["no input", [{ type: "flatten" }], 'its first layer is not an input (hint: begin with { type: "input"'],
    ["no layers", [], "its first layer is not an input"],
    ["two inputs", [input, input], "layer 2 (input `input2`): it comes in the middle, after [8, 8, 3]"],
    [
      "images at the end",
      [input, { type: "relu" }],
      "layer 2 (relu `relu1`): it is the last and gives [8, 8, 3], where [classes] belongs"
    ],
    [
      "a single logit",
      [input, { type: "flatten" }, { type: "dense", units: 1 }],
      "it is the last and gives [1]"
    ],
    [
      "a slip in the type",
      [input, { type: "convd2", name: "a" }],
      "network `mine`: layer 2 (convd2 `a`): there is no layer type `convd2` (hint: did you mean `conv2d`?)"
    ],
    ["another library's word", [input, { type: "Linear" }], "did you mean `dense`?"],
    ["a word close to ours", [input, { type: "BatchNorm2d" }], "did you mean `batchNorm`?"],
    ["softmax", [input, { type: "softmax" }], "leave it off: networks give logits"],
    [
      "an unheard-of type",
      [input, { type: "transformer" }],
      "(hint: there are `input`, `normalise`, `conv2d`"
    ],
    ["no type", [{}], "layer 1: it has no `type`"],
    [
      "a slip in a setting",
      [input, { type: "dense", unit: 10 }],
      "layer 2 (dense): a dense layer has no setting `unit` (hint: did you mean `init` or `units`?)"
    ],
    ["a missing setting", [input, { type: "dense" }], "layer 2 (dense): Missing key"],
    ["half a unit", [input, { type: "dense", units: 1.5 }], "layer 2 (dense): Expected an integer"],
    ["a rate of one", [input, { type: "dropout", rate: 1 }], "layer 2 (dropout)"],
    ["a name that is none", [input, { ...dense, name: "1 st" }], "a name of letters"],
    [
      "two layers of one name",
      [input, { type: "flatten" }, { type: "dense", name: "fc2", units: 9 }, dense],
      "network `mine`: layers 3 and 4 are both called `fc2` (hint: rename one)"
    ]
  ]
  it.effect.each(cases)("%s", ([, layers, expected]) =>
    Effect.gen(function* () {
      assert.include(yield* complaint(...layers), expected)
    })
  )
})
