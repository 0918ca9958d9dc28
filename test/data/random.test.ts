import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { logarithm, normalQuantile } from "../../src/data/normal-quantile.ts"
import { philoxBlocks } from "../../src/data/philox.ts"
import { RandomStream } from "../../src/data/random.ts"

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
    philoxBlocks(Uint32Array.from(counter), key, out, 4)
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

const Length = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))

describe("many numbers at once", () => {
  it.prop(
    "are those that come one by one, wherever the stream stands",
    [Length, Length, SafeInt],
    ([first, count, seed]) => {
      const streams = () => {
        const stream = new RandomStream({ seed, purpose: 3, index: 1 })
        draw(first, () => stream.uint32())
        return stream
      }
      const [bulk, scalar] = [streams(), streams()]
      const words = new Uint32Array(count)
      bulk.fillUint32(words)
      assert.deepStrictEqual(
        [...words],
        draw(count, () => scalar.uint32())
      )
      assert.strictEqual(bulk.uint32(), scalar.uint32())
    }
  )

  it("are the scalar numbers of each distribution, across the boundary of the buffer", () => {
    const [bulk, scalar] = [at(3), at(3)]
    const out = new Float32Array(5001)
    bulk.fillUniform(out, -0.3, 0.3)
    for (const x of out) assert.strictEqual(x, Math.fround(scalar.between(-0.3, 0.3)))
    bulk.fillNormal(out)
    for (const x of out) assert.strictEqual(x, Math.fround(scalar.normal()))
  })

  it("leave what is outside of a view alone", () => {
    const all = new Float32Array(9).fill(7)
    at(4).fillUniform(all.subarray(2, 5), 0, 1)
    assert.deepStrictEqual(
      [...all].map((x) => x === 7),
      [true, true, false, false, false, true, true, true, true]
    )
  })
})

describe("a Bernoulli variable", () => {
  it.each([0, 0.1, 0.5, 1])("is true with probability %d", (probability) => {
    const stream = at(5)
    const hits = draw(20_000, () => stream.bernoulli(probability)).filter((hit) => hit).length
    assert.closeTo(hits / 20_000, probability, probability === 0 || probability === 1 ? 0 : 0.01)
  })

  it.each([0, 0.001, 0.2, 0.5, 0.9999, 1])("many at once are true with probability %d", (probability) => {
    const out = new Float32Array(400_003)
    at(7).fillBernoulli(out, probability, 4)
    assert.isTrue(out.every((x) => x === 0 || x === 4))
    const share = out.reduce((sum, x) => sum + x / 4, 0) / out.length
    const deviation = Math.sqrt((probability * (1 - probability)) / out.length)
    assert.closeTo(share, probability, 4 * deviation)
  })

  it("many at once do not depend on their neighbours", () => {
    const out = new Float32Array(200_000)
    at(8).fillBernoulli(out, 0.3, 1)
    for (const distance of [1, 2, 3, 4, 16]) {
      let both = 0
      for (let i = distance; i < out.length; i++) both += (out[i] ?? 0) * (out[i - distance] ?? 0)
      assert.closeTo(both / out.length, 0.09, 0.003)
    }
  })
})

describe("points of sphere and ball", () => {
  const norm = (point: Float32Array) => Math.sqrt(point.reduce((sum, x) => sum + x * x, 0))
  const dimensions = 5
  const points = (fill: (stream: RandomStream, out: Float32Array) => void) => {
    const stream = at(6)
    return draw(8000, () => {
      const out = new Float32Array(dimensions)
      fill(stream, out)
      return out
    })
  }

  it("a point of the sphere has its radius for norm", () => {
    for (const point of points((stream, out) => stream.fillSphere(out, 2.5)))
      assert.closeTo(norm(point), 2.5, 1e-6)
  })

  it("a point of the ball is inside, and a ball of half the radius holds a share of 2^-d", () => {
    const norms = points((stream, out) => stream.fillBall(out, 2)).map(norm)
    assert.isAtMost(Math.max(...norms), 2 + 1e-6)
    const share = (radius: number) => norms.filter((x) => x < radius).length / norms.length
    assert.closeTo(share(1), 2 ** -dimensions, 0.006)
    assert.closeTo(share(2 * 0.5 ** (1 / dimensions)), 0.5, 0.02)
  })

  it("no direction is preferred: means are zero, variances equal, coordinates uncorrelated", () => {
    const sample = points((stream, out) => stream.fillSphere(out, 1))
    const mean = (f: (point: Float32Array) => number) =>
      sample.reduce((sum, point) => sum + f(point), 0) / sample.length
    for (let i = 0; i < dimensions; i++) {
      assert.closeTo(
        mean((point) => point[i] ?? 0),
        0,
        0.02
      )
      for (let j = 0; j <= i; j++)
        assert.closeTo(
          mean((point) => (point[i] ?? 0) * (point[j] ?? 0)),
          i === j ? 1 / dimensions : 0,
          0.01
        )
    }
  })
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
