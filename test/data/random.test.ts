import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { logarithm, normalQuantile, philox4x32, RandomStream } from "../../src/data/random.ts"

const hex = (words: Uint32Array) => Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ")

const at = (index: number) => new RandomStream({ seed: 1, purpose: 2, index })

const draw = <A>(count: number, next: () => A): Array<A> => Array.from({ length: count }, next)

const SafeInt = Schema.Int.check(
  Schema.isBetween({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
)
const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

describe("Philox4x32-10", () => {
  // Random123's kat_vectors, the lines `philox4x32 10`.
  const known = [
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      "408f276d 41c83b0e a20bc7c6 6d5451fd"
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      "d16cfe09 94fdcceb 5001e420 24126ea1"
    ]
  ] as const
  it.each(known)("answers as published for counter %j and key %j", (counter, key, answer) => {
    const out = new Uint32Array(4)
    philox4x32(Uint32Array.from(counter), key, out)
    assert.strictEqual(hex(out), answer)
  })
})

describe("a random stream", () => {
  it.prop(
    "is a function of its position",
    { seed: Arbitrary.schema(SafeInt), index: Arbitrary.schema(Index) },
    (position) => {
      const stream = () => new RandomStream({ ...position, purpose: 3 })
      const [a, b] = [stream(), stream()]
      assert.deepStrictEqual(
        draw(9, () => a.uint32()),
        draw(9, () => b.uint32())
      )
    }
  )

  it("differs with every field of its position, in the high bits as well", () => {
    const position = { seed: 1, purpose: 2, index: 3 }
    const others = [
      position,
      { ...position, seed: -1 },
      { ...position, seed: 1 + 2 ** 32 },
      { ...position, purpose: 3 },
      { ...position, index: 4 },
      { ...position, index: 3 + 2 ** 32 }
    ]
    const firsts = new Set(others.map((other) => new RandomStream(other).uint32()))
    assert.strictEqual(firsts.size, others.length)
  })

  it("draws uniform numbers in [0, 1) around one half", () => {
    const stream = at(0)
    const numbers = draw(20_000, () => stream.uniform())
    assert.isTrue(numbers.every((x) => x >= 0 && x < 1))
    assert.closeTo(numbers.reduce((a, b) => a + b) / numbers.length, 0.5, 0.01)
  })

  it("draws normal numbers of mean 0 and variance 1", () => {
    const stream = at(1)
    const numbers = draw(20_000, () => stream.normal())
    assert.closeTo(numbers.reduce((a, b) => a + b) / numbers.length, 0, 0.03)
    assert.closeTo(numbers.reduce((a, b) => a + b * b, 0) / numbers.length, 1, 0.03)
  })

  it("draws every integer below a bound equally often", () => {
    const stream = at(2)
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 14_000; i++) {
      const value = stream.int(7)
      counts[value] = (counts[value] ?? 0) + 1
    }
    for (const count of counts) assert.closeTo(count, 2000, 150)
  })

  it.prop(
    "permutes: every integer below the count occurs once",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300 })), SafeInt],
    ([count, seed]) => {
      const order = new RandomStream({ seed, purpose: 0, index: 0 }).permutation(count)
      assert.deepStrictEqual(
        [...order].sort((a, b) => a - b),
        draw(count, () => 0).map((_, position) => position)
      )
    }
  )
})

describe("functions without the platform's libm", () => {
  it("the logarithm is within two units of the last place of Math.log", () => {
    for (const x of [1e-12, 2 ** -33, 0.02, 0.7, 1, 1.4, 3, 1e9]) {
      assert.closeTo(logarithm(x), Math.log(x), 4e-16 * Math.max(1, Math.abs(Math.log(x))))
    }
  })

  it("the normal quantile knows the textbook's values and is symmetric", () => {
    assert.strictEqual(normalQuantile(0.5), 0)
    assert.closeTo(normalQuantile(0.975), 1.959963984540054, 1e-8)
    assert.closeTo(normalQuantile(0.001), -3.090232306167813, 1e-8)
    assert.strictEqual(normalQuantile(0.01), -normalQuantile(0.99))
  })
})
