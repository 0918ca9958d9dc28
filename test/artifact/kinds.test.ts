import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import { Artifacts } from "../../src/artifact/artifacts.ts"
import type { Digest } from "../../src/artifact/digest.ts"
import { CodecError, Dataset, Evaluation, Figure, Kind, Model, Table } from "../../src/artifact/index.ts"
import type { AnyKind } from "../../src/artifact/kind.ts"
import { readHistory } from "../../src/artifact/kinds/model.ts"
import {
  curvesOf,
  type EpochMetrics,
  mostEpochs,
  TrainingHistory
} from "../../src/artifact/kinds/model-history.ts"
import { BlobCorrupt, BlobMissing } from "../../src/artifact/store-error.ts"
import { bytesOf, type TensorData } from "../../src/artifact/tensor-data.ts"
import { scratchLayout, storeAt } from "../rig/scratch-store.ts"

const write = <Name extends string, Value>(kind: Kind<Name, Value>, value: Value) =>
  Effect.flatMap(Artifacts, (artifacts) => artifacts.write(kind, value))

const read = <Name extends string, Value>(kind: Kind<Name, Value>, digest: Digest) =>
  Effect.flatMap(Artifacts, (artifacts) => Effect.flatMap(artifacts.reader(digest), kind.decode))

const roundTrip = <Name extends string, Value>(kind: Kind<Name, Value>, value: Value) =>
  Effect.flatMap(write(kind, value), (digest) => read(kind, digest))

const inStore = <A, E>(use: Effect.Effect<A, E, Artifacts>): Effect.Effect<A, unknown> =>
  Effect.scoped(Effect.flatMap(scratchLayout, (layout) => Effect.provide(use, storeAt(layout))))

/** Writes and reads many values in one store. */
const always = <T>(values: fc.Arbitrary<T>, holds: (value: T) => Effect.Effect<void, unknown, Artifacts>) =>
  inStore(
    Effect.gen(function* () {
      const services = yield* Effect.context<Artifacts>()
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(values, (value) => Effect.runPromiseWith(services)(holds(value))),
          { numRuns: 50 }
        )
      )
    })
  )

const tensors: ReadonlyArray<readonly [string, TensorData]> = [
  ["conv/kernel", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, -2.5, Number.NaN, -0) }],
  ["steps", { dtype: "I32", shape: [1], data: Int32Array.of(-7) }],
  ["mask", { dtype: "U8", shape: [3], data: Uint8Array.of(0, 1, 255) }],
  ["precise", { dtype: "F64", shape: [], data: Float64Array.of(1e-300) }],
  ["nothing", { dtype: "F32", shape: [0, 3], data: new Float32Array() }],
  ["__proto__", { dtype: "U8", shape: [1], data: Uint8Array.of(9) }]
]
const model = (
  weights: ReadonlyArray<readonly [string, TensorData]>,
  layers: Model["network"]["layers"] = []
): Model => ({
  network: { name: "net", layers },
  weights: new Map(weights)
})

describe("a model", () => {
  it.effect("has the weights with which it was written, to the bit", () =>
    inStore(
      Effect.gen(function* () {
        const written = model(tensors, [
          { type: "dense", units: 10, bias: true, note: null },
          { type: "relu" }
        ])
        const found = yield* roundTrip(Model, written)
        assert.deepStrictEqual(found.network, written.network)
        assert.sameMembers([...found.weights.keys()], [...written.weights.keys()])
        for (const [name, { dtype, shape, data }] of tensors) {
          const tensor = found.weights.get(name)
          assert.strictEqual(tensor?.dtype, dtype)
          assert.deepStrictEqual(tensor?.shape, shape)
          assert.deepStrictEqual(bytesOf(tensor?.data ?? new Uint8Array()), bytesOf(data))
        }
      })
    )
  )

  it.effect.each([
    [
      "too few elements",
      { dtype: "F32", shape: [3], data: new Float32Array(2) },
      /weights `w` of shape \[3\] need 3 elements and have 2/
    ],
    [
      "too many elements",
      { dtype: "F32", shape: [], data: new Float32Array(2) },
      /need 1 elements and have 2/
    ],
    [
      "elements of another type",
      { dtype: "I32", shape: [2], data: new Float32Array(2) },
      /`w` are called I32, but come as Float32Array/
    ],
    [
      "elements of another size",
      { dtype: "F32", shape: [2], data: new Float64Array(2) },
      /`w` are called F32, but come as Float64Array/
    ]
  ] as const)("with %s under a weight's name is not written", ([, tensor, message]) =>
    inStore(
      Effect.gen(function* () {
        const error = yield* Effect.flip(write(Model, model([["w", tensor]])))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, message)
      })
    )
  )

  it.effect("has no weights called __metadata__, because that is the file's own", () =>
    inStore(
      Effect.gen(function* () {
        const odd = model([["__metadata__", { dtype: "U8", shape: [0], data: new Uint8Array() }]])
        assert.match((yield* Effect.flip(write(Model, odd))).message, /cannot be called `__metadata__`/)
      })
    )
  )

  it.effect("has no layer with a number that JSON does not have", () =>
    inStore(
      Effect.gen(function* () {
        const error = yield* Effect.flip(write(Model, model([], [{ type: "dropout", rate: Number.NaN }])))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, /layers/)
      })
    )
  )
})

const epochs: TrainingHistory = [
  {
    epoch: 1,
    learningRate: 0.01,
    trainingLoss: 1 / 3,
    trainingAccuracy: 0.5,
    validationLoss: null,
    validationAccuracy: null
  },
  {
    epoch: 2,
    learningRate: 0,
    trainingLoss: 1e-300,
    trainingAccuracy: 1,
    validationLoss: 2.5,
    validationAccuracy: 0.75
  }
]

describe("a model's history", () => {
  it.effect("is what was written, without the weights too; a model without one has none", () =>
    inStore(
      Effect.gen(function* () {
        const digest = yield* write(Model, { ...model(tensors), history: epochs })
        assert.deepStrictEqual((yield* read(Model, digest)).history, epochs)
        const { reader } = yield* Artifacts
        assert.deepStrictEqual(yield* Effect.flatMap(reader(digest), readHistory), epochs)

        const plain = yield* write(Model, model(tensors))
        assert.notProperty(yield* read(Model, plain), "history")
        assert.isUndefined(yield* Effect.flatMap(reader(plain), readHistory))
      })
    )
  )

  it("becomes curves, each of the epochs that have its value", () => {
    assert.deepStrictEqual(curvesOf(epochs), {
      training_loss: [
        [1, 1 / 3],
        [2, 1e-300]
      ],
      training_accuracy: [
        [1, 0.5],
        [2, 1]
      ],
      learning_rate: [
        [1, 0.01],
        [2, 0]
      ],
      validation_loss: [[2, 2.5]],
      validation_accuracy: [[2, 0.75]]
    })
  })

  const [first, second] = epochs
  const wrong: ReadonlyArray<readonly [string, ReadonlyArray<Partial<EpochMetrics>>, RegExp]> = [
    ["no epoch", [], /length/],
    ["epochs in another order", [{ ...second }, { ...first }], /is 2 in the place of 1/],
    ["an epoch twice", [{ ...first }, { ...first }], /\[1\]\["epoch"\]/],
    ["half an epoch", [{ ...first, epoch: 0.5 }], /epoch/],
    ["a loss that is no number", [{ ...first, trainingLoss: Number.NaN }], /trainingLoss/],
    ["an accuracy that is missing", [{ epoch: 1, learningRate: 0, trainingLoss: 0 }], /trainingAccuracy/]
  ]
  it.effect.each(wrong)("of %s is neither written nor read", ([, history, message]) =>
    inStore(
      Effect.gen(function* () {
        assert.isFalse(Schema.is(TrainingHistory)(history))
        const error = yield* Effect.flip(read(Model, yield* withHistory(JSON.stringify(history))))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, message)
      })
    )
  )

  it.effect("whose file is deeper or larger than any history is refused before it is understood", () =>
    inStore(
      Effect.gen(function* () {
        const deep = yield* Effect.flip(read(Model, yield* withHistory("[".repeat(200))))
        assert.match(deep.message, /nested too deeply/)
        const { reader } = yield* Artifacts
        const plain = yield* Effect.flatMap(write(Model, { ...model([]), history: epochs }), reader)
        const size = 500 * mostEpochs + 1
        const large = yield* Effect.flip(
          readHistory({
            ...plain,
            open: () => Effect.succeed({ size, read: () => Effect.die("is not read") })
          })
        )
        assert.match(large.message, /history\.json has 50000001 bytes, more than 50000000/)
      })
    )
  )
})

/** A model as somebody else may write it. */
const withHistory = (text: string) =>
  write(
    Kind.make<"Model", string>({
      name: "Model",
      version: 1,
      encode: Effect.fnUntraced(function* (history, writer) {
        yield* Model.encode(model(tensors), writer)
        yield* writer.bytes("history.json", Buffer.from(history))
      }),
      decode: () => Effect.die("is never read")
    }),
    text
  )

const name = fc.constantFrom("a", "b", "__proto__", "constructor", "", "NaN", "é")
const anyNumber = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e-320))

/** JSON does not tell -0 from 0. */
const plain = (value: number): number => (value === 0 ? 0 : value)

describe("an evaluation", () => {
  const evaluations = fc.record({
    title: fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
    count: fc.nat(),
    correct: fc.nat(),
    perClass: fc.array(fc.record({ name, count: fc.nat(), correct: fc.nat() }), { maxLength: 3 }),
    metrics: fc.dictionary(name, anyNumber.map(plain), { noNullPrototype: true })
  })

  it.effect("is read as it was written, NaN and infinities included", () =>
    always(evaluations, (evaluation) =>
      Effect.map(roundTrip(Evaluation, evaluation), (found) => assert.deepStrictEqual(found, evaluation))
    )
  )

  it.effect.each([-1, 0.5, Number.NaN])("with a count of %d is not written", (count) =>
    inStore(
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          write(Evaluation, { title: "t", count, correct: 0, perClass: [], metrics: {} })
        )
        assert.instanceOf(error, CodecError)
        assert.match(error.message, /count/)
      })
    )
  )
})

describe("a table", () => {
  const types = ["number", "text", "boolean"] as const
  const cells = {
    number: fc.option(anyNumber.map(plain)),
    text: fc.option(
      fc.oneof(fc.constantFrom("NaN", "Infinity", "-Infinity", "1", "null", "true", ""), fc.string())
    ),
    boolean: fc.option(fc.boolean())
  }
  const tables = fc.array(fc.constantFrom(...types), { maxLength: 4 }).chain((columns) =>
    fc.record({
      title: fc.string(),
      columns: fc.constant(
        columns.map((type, i) => ({ name: `c${i}`, type, ...(i % 2 === 0 ? {} : { unit: "s" }) }))
      ),
      rows: fc.array(
        fc.tuple(...columns.map((type): fc.Arbitrary<number | string | boolean | null> => cells[type])),
        {
          maxLength: 4
        }
      )
    })
  )

  it.effect("is read as it was written, and the text NaN is not the number", () =>
    always(tables, (table) =>
      Effect.map(roundTrip(Table, table), (found) => assert.deepStrictEqual(found, table))
    )
  )

  it.effect("whose rows do not fit its columns is not written", () =>
    inStore(
      Effect.gen(function* () {
        const columns = [{ name: "a", type: "number" }] as const
        const error = yield* Effect.flip(write(Table, { title: "t", columns, rows: [[1], [1, 2]] }))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, /has 2 cells under 1 columns/)
      })
    )
  )
})

describe("a figure", () => {
  const caption = { title: "Größe", description: "a black square" }

  it.effect.each([
    [{ ...caption, png: Uint8Array.of(137, 80, 0, 255) }],
    [{ ...caption, svg: "<svg>✓</svg>" }],
    [{ ...caption, png: new Uint8Array(), svg: "" }]
  ] as ReadonlyArray<readonly [Figure]>)("is read as it was written: %j", ([figure]) =>
    inStore(
      Effect.gen(function* () {
        const found = yield* roundTrip(Figure, figure)
        assert.deepStrictEqual(Object.keys(found).sort(), Object.keys(figure).sort())
        assert.deepStrictEqual(Buffer.from(found.png ?? []), Buffer.from(figure.png ?? []))
        assert.deepStrictEqual(
          [found.title, found.description, found.svg],
          [figure.title, figure.description, figure.svg]
        )
      })
    )
  )

  it.effect("without a picture is not written", () =>
    inStore(
      Effect.gen(function* () {
        const error = yield* Effect.flip(write(Figure, caption))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, /`Größe` has neither a PNG nor an SVG/)
      })
    )
  )
})

const Marked = Kind.json(
  "Marked",
  Schema.Struct({
    at: Schema.Date,
    digits: Schema.Array(Schema.Int),
    note: Schema.optionalKey(Schema.String)
  }),
  3
)

/** A kind with files of its own: a header, and as many bodies as it says. */
const Pages = Kind.make<"Pages", ReadonlyArray<string>>({
  name: "Pages",
  version: 1,
  encode: (pages, writer) =>
    Effect.gen(function* () {
      yield* writer.bytes("count", Buffer.from(String(pages.length)))
      for (const [index, page] of pages.entries()) yield* writer.bytes(`page-${index}.txt`, Buffer.from(page))
    }),
  decode: (reader) =>
    Effect.gen(function* () {
      const count = Number(Buffer.from(yield* reader.bytes("count")).toString())
      return yield* Effect.forEach(Array(count).keys(), (index) =>
        Effect.map(reader.bytes(`page-${index}.txt`), (bytes) => Buffer.from(bytes).toString())
      )
    })
})

describe("a kind of a project's own", () => {
  it.effect("made of a schema is read as it was written", () =>
    inStore(
      Effect.gen(function* () {
        const value = { at: new Date("2020-02-29T12:00:00.123Z"), digits: [1, 2, 3] }
        assert.deepStrictEqual(yield* roundTrip(Marked, value), value)
      })
    )
  )

  it.effect("made of a schema is checked by it when written", () =>
    inStore(
      Effect.gen(function* () {
        const error = yield* Effect.flip(write(Marked, { at: new Date(0), digits: [0.5] }))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, /^Marked: .*\n.*\["digits"\]\[0\]/)
      })
    )
  )

  it.effect("made of a schema is checked by it when read", () =>
    inStore(
      Effect.gen(function* () {
        const Loose = Kind.json("Marked", Schema.Struct({ at: Schema.String }), 3)
        const error = yield* Effect.flip(read(Marked, yield* write(Loose, { at: "yesterday" })))
        assert.instanceOf(error, CodecError)
        assert.match(error.message, /^Marked: /)
      })
    )
  )

  it.effect("with files of its own is read as it was written", () =>
    inStore(
      Effect.gen(function* () {
        for (const pages of [[], ["a", "", "a"], ["✓"]]) {
          assert.deepStrictEqual(yield* roundTrip(Pages, pages), pages)
        }
      })
    )
  )

  it.effect("that asks for a file that is not there is told that it is missing", () =>
    inStore(
      Effect.gen(function* () {
        const digest = yield* write(Pages, ["a"])
        const reader = yield* Effect.flatMap(Artifacts, (artifacts) => artifacts.reader(digest))
        for (const file of ["page-1.txt", "constructor", "__proto__", "toString", "../count", ""]) {
          assert.instanceOf(yield* Effect.flip(reader.bytes(file)), BlobMissing)
          assert.instanceOf(yield* Effect.flip(reader.open(file)), BlobMissing)
        }
        assert.instanceOf(yield* Effect.flip(reader.part(0)), BlobMissing)
      })
    )
  )
})

describe("an artifact of one kind", () => {
  const kinds: ReadonlyArray<AnyKind> = [Dataset, Model, Evaluation, Table, Figure, Marked, Pages]

  it.effect.each(kinds.map((kind) => [kind] as const))("is not read as $0.name", ([kind]) =>
    inStore(
      Effect.gen(function* () {
        const artifacts = yield* Artifacts
        const Other = Kind.json("Other", Schema.Int, 7)
        const error = yield* Effect.flip(artifacts.read(kind, yield* artifacts.write(Other, 1)))
        assert.instanceOf(error, BlobCorrupt)
        assert.include(
          error.message,
          `a Other of version 7, where a ${kind.name} of version ${kind.version} is needed`
        )
      })
    )
  )

  it.effect("is not read by another version of it", () =>
    inStore(
      Effect.gen(function* () {
        const artifacts = yield* Artifacts
        const next = Kind.json("Marked", Schema.Int, 4)
        const error = yield* Effect.flip(artifacts.read(Marked, yield* artifacts.write(next, 1)))
        assert.include(error.message, "a Marked of version 4, where a Marked of version 3 is needed")
      })
    )
  )
})

// A stage that runs again must make the same artifact, or everything after it runs again. If one of these changes,
// raise the kind's version.
describe("the digest of an artifact is the same for ever:", () => {
  const info = { name: "digits", shape: [1, 2, 1], classes: ["a", "b"], notes: { seed: 1 } } as const
  const bytes = Dataset.fromArrays({ info, images: Uint8Array.of(0, 255, 7, 8), labels: Int32Array.of(0, 1) })
  const floats = Dataset.fromArrays({
    info,
    images: Float32Array.of(0, 1, 0.5, 0.25),
    labels: Int32Array.of(1, 0)
  })
  const combined = Effect.gen(function* () {
    const parts = yield* Effect.forEach([bytes, floats], (part) => roundTrip(Dataset, part))
    return yield* Dataset.combine(parts, { info, order: Int32Array.of(3, 0, 0) })
  })
  const golden: ReadonlyArray<readonly [string, Effect.Effect<Digest, unknown, Artifacts>, string]> = [
    [
      "a dataset of bytes",
      write(Dataset, bytes),
      "568beaadfe8442c7fd784b837f27051b55fb6fb79f63325e061e72e11962392e"
    ],
    [
      "a dataset of floats",
      write(Dataset, floats),
      "175b894ae88d8456f8d22fe9346e002d4d0058855133cf2d16f312851f750196"
    ],
    [
      "a combined dataset",
      Effect.flatMap(combined, (dataset) => write(Dataset, dataset)),
      "1d1bd2817b3174fb053524a8cebad043bcdf08d8b905af01d8d316b5ac4f011f"
    ],
    [
      "a model",
      write(Model, model(tensors, [{ type: "dense", units: 10 }])),
      "d21895ed57d58e1a00fe5576ecdd7b919498f2eaf9adbe857a8941dceaa082c3"
    ],
    [
      "a model with a history",
      write(Model, { ...model(tensors), history: epochs }),
      "5b9955a980cee57c2cd75fb734581b1ba529f3b891318c8b5a969b37ad5e1adf"
    ],
    [
      "an evaluation",
      write(Evaluation, {
        title: "clean",
        count: 2,
        correct: 1,
        perClass: [{ name: "a", count: 2, correct: 1 }],
        metrics: { loss: 0.1, margin: Number.NaN }
      }),
      "8767a26982bcc92b4ddfae055c264cd6dd7a2f8328213c4fbf3a41dee0ca0c47"
    ],
    [
      "a table",
      write(Table, {
        title: "t",
        columns: [
          { name: "n", type: "number", unit: "s" },
          { name: "w", type: "text" }
        ],
        rows: [
          [1.5, "x"],
          [null, "NaN"]
        ]
      }),
      "a69ae032e7ee590f8e321cd444a14783d0cdc5460767894c4243f551b5584005"
    ],
    [
      "a figure",
      write(Figure, { title: "t", description: "d", png: Uint8Array.of(1, 2), svg: "<svg/>" }),
      "4ff43a101adcb62001f7085b15982cc9d50259d0e26254dc71d3ce3e60ea6dd0"
    ],
    [
      "a kind made of a schema",
      write(Marked, { at: new Date(0), digits: [1], note: "n" }),
      "2f41b8346e0352ef93ac028c60ec0c39b3408ded403e472e3872c4296a3dfeae"
    ]
  ]
  it.effect.each(golden)("%s", ([, make, digest]) =>
    Effect.map(inStore(make), (found) => assert.strictEqual(found, digest))
  )
})
