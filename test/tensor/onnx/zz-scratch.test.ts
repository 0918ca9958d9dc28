import "@tensorflow/tfjs-backend-cpu"
import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { onnxEngine } from "../../../src/tensor/onnx/engine.ts"
import { cpuEngine } from "../../../src/tensor/direct/cpu.ts"
const f = (...shape: number[]) => ({ dtype: "F32", shape }) as const
const i = (...shape: number[]) => ({ dtype: "I32", shape }) as const
const run = (label: string, inputs: any, state: any, step: any, values: any, load?: any, runs = 1) => Effect.gen(function* () {
  for (const [n, e] of [["onnx", onnxEngine({threads:1})], ["cpu", cpuEngine]] as const) {
    const r = yield* Effect.scoped(Effect.gen(function* () {
      const engine = yield* (e as any)
      const p = yield* (engine as any).compile({ name: label, inputs, state, step })
      if (load) yield* p.load(load())
      let out: any
      for (let k = 0; k < runs; k++) out = yield* p.run(values())
      const st = load ? yield* p.read : {}
      return JSON.stringify({ out, st }, (_, v) => ArrayBuffer.isView(v) ? Array.from(v as any, String) : v)
    })).pipe(Effect.catchCause((c: any) => Effect.succeed("FAIL " + String(c).slice(0, 600))))
    console.log(label, n, r)
  }
})
const F = (shape: number[], ...v: number[]) => ({ dtype: "F32", shape, data: Float32Array.from(v) })
it.effect("x", () => Effect.gen(function* () {
  yield* run("nan relu", { x: f(5) }, {}, ({ x }: any) => ({ relu: tf.relu(x), step: tf.cast(tf.greater(x, 0), "float32"), m: tf.maximum(x, 0), s: tf.step(x) , clip: tf.clipByValue(x,0,1)}), () => ({ x: F([5], NaN, 1, -1, 1e-40, 0) }))
  yield* run("nan relu16", { x: f(16) }, {}, ({ x }: any) => ({ relu: tf.relu(x), step: tf.cast(tf.greater(x, 0), "float32"), m: tf.maximum(x, 0) }), () => ({ x: F([16], ...Array(16).fill(NaN)) }))
  yield* run("nan pool", { x: f(2,4,4,1) }, {}, ({ x }: any) => ({ y: tf.maxPool(x, 2, 2, "valid") }), () => ({ x: F([2,4,4,1], NaN, ...Array(30).fill(1), NaN) }))
  yield* run("nan conv relu", { x: f(1,4,4,4), w: f(3,3,4,8), b: f(8) }, {}, ({ x, w, b }: any) => ({ y: tf.maxPool(tf.relu(tf.add(tf.conv2d(x, w, 1, "valid"), b)) as any, 2, 2, "valid") }), () => ({ x: F([1,4,4,4], ...Array(64).fill(1)), w: F([3,3,4,8], ...Array(288).fill(NaN)), b: F([8], ...Array(8).fill(1)) }))
  yield* run("nan dense relu", { x: f(2,4), w: f(4,8), b: f(8) }, {}, ({ x, w, b }: any) => ({ y: tf.relu(tf.add(tf.matMul(x, w), b)) }), () => ({ x: F([2,4], ...Array(8).fill(1)), w: F([4,8], ...Array(32).fill(NaN)), b: F([8], ...Array(8).fill(1)) }))
  yield* run("int matmul bias", { x: i(2,3), w: i(3,4), b: i(4) }, {}, ({ x, w, b }: any) => ({ y: tf.add(tf.matMul(x, w), b) }), () => ({ x: {dtype:"I32", shape:[2,3], data: Int32Array.from([1,2,3,4,5,6])}, w: {dtype:"I32", shape:[3,4], data: new Int32Array(12).fill(2)}, b: {dtype:"I32", shape:[4], data: new Int32Array(4).fill(7)} }))
  yield* run("denormal", { x: f(2,3) }, {}, ({ x }: any) => ({ y: tf.cast(tf.greater(tf.softmax(x), 0), "float32") }), () => ({ x: F([2,3], 90,0,0, 0, 89, 1) }))
  const mem = new WebAssembly.Memory({ initial: 1 }); try { (mem.buffer as any).transfer(0); console.log("wasm transfer ok", mem.buffer.byteLength) } catch (e) { console.log("wasm transfer", e) }
}), 60000)
