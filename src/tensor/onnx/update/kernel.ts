/**
 * Elementwise programs as WebAssembly, four numbers at a time.
 *
 * ONNX Runtime makes a pass over memory for every operation; an optimiser has ten of them for each parameter. Here all of
 * them are one pass. Each operation rounds as IEEE 754 says, so the results are those of the separate operations, but for
 * one thing: what is stored, and the square of a number, count as zero where they are smaller than float32 has full precision
 * for (1.2e-38). Processors are a hundred times slower with such numbers, and the squared gradients of a network that has
 * learned its images by heart are full of them (measured: 16.8 ms for a step of `mlp-625` instead of 2.4).
 */

/** Operations of one or two operands, under ONNX's names. */
export const opcodes = {
  Abs: 0xe0,
  Neg: 0xe1,
  Sqrt: 0xe3,
  Add: 0xe4,
  Sub: 0xe5,
  Mul: 0xe6,
  Div: 0xe7,
  Min: 0xe8,
  Max: 0xe9
} as const
export type KernelOp = keyof typeof opcodes

/** What an operation works on: an array's elements, a number for the whole run, or an earlier operation's result. */
export type Operand =
  | { readonly array: number }
  | { readonly scalar: number }
  | { readonly constant: number }
  | { readonly made: number }

export interface Instruction {
  readonly op: KernelOp
  readonly operands: ReadonlyArray<Operand>
}

export interface ElementwiseProgram {
  readonly arrays: number
  readonly scalars: number
  readonly instructions: ReadonlyArray<Instruction>
  /** Which instructions' results are stored, in the order of the places that a run is given for them. */
  readonly results: ReadonlyArray<number>
}

/**
 * Runs a program: `blocks` is the number of elements divided by four; the rest are addresses, in bytes and multiples of 16,
 * of the arrays and of the results, then the scalars. A result may have the address of an array.
 */
export type Kernel = (blocks: number, ...places: ReadonlyArray<number>) => void

const modules = new Map<string, WebAssembly.Module>()

export const makeKernel = (program: ElementwiseProgram, memory: WebAssembly.Memory): Kernel => {
  const code = assemble(program)
  const key = Buffer.from(code).toString("base64")
  const module = modules.get(key) ?? new WebAssembly.Module(code)
  modules.set(key, module)
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports
  if (typeof run !== "function") throw new Error("a kernel has one function")
  return (blocks, ...places) => void run(blocks, ...places)
}

// Numbers of the WebAssembly binary format, https://webassembly.github.io/spec/core/binary/
const i32 = 0x7f
const f32 = 0x7d
const v128 = 0x7b
const empty = 0x40
const localGet = 0x20
const localSet = 0x21
const simd = 0xfd
const load = [simd, 0x00, 4, 0]
const store = [simd, 0x0b, 4, 0]
const splat = [simd, 0x13]
const abs = [simd, 0xe0, 0x01]
const lessThan = [simd, 0x43]
const andNot = [simd, 0x4f]

/** The smallest number with full precision, and the smallest one whose square has it. */
export const smallest = 2 ** -126
export const smallestRoot = 2 ** -63

/** An unsigned number in the variable-length form (LEB128). */
const unsigned = (value: number): Array<number> =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]

const sized = (bytes: ReadonlyArray<number>): Array<number> => [...unsigned(bytes.length), ...bytes]
const list = (items: ReadonlyArray<ReadonlyArray<number>>): Array<number> => [
  ...unsigned(items.length),
  ...items.flat()
]
const section = (id: number, content: ReadonlyArray<number>): Array<number> => [id, ...sized(content)]
const text = (value: string): Array<number> => sized([...Buffer.from(value)])

const assemble = (program: ElementwiseProgram): Uint8Array<ArrayBuffer> => {
  const pointers = program.arrays + program.results.length
  const parameters = [i32, ...Array(pointers).fill(i32), ...Array(program.scalars).fill(f32)]
  const type = [0x60, ...sized(parameters), 0]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([type])),
    ...section(2, list([[...text("env"), ...text("memory"), 0x02, 0x00, 1]])),
    ...section(3, list([[0]])),
    ...section(7, list([[...text("run"), 0x00, 0]])),
    ...section(10, list([sized(functionOf(program, parameters.length))]))
  ])
}

/**
 * The function's locals, after its parameters: the byte offset; a vector for each constant and scalar; one for each array; one
 * for each instruction.
 */
const functionOf = (program: ElementwiseProgram, parameters: number): Array<number> => {
  const { arrays, scalars, instructions, results } = program
  const constants = constantsOf(program)
  const offset = parameters
  const firstScalar = offset + 1
  const firstConstant = firstScalar + scalars
  const firstArray = firstConstant + constants.length
  const firstMade = firstArray + arrays

  const get = (local: number) => [localGet, ...unsigned(local)]
  const set = (local: number) => [localSet, ...unsigned(local)]
  const constant = (value: number) =>
    get(firstConstant + constants.findIndex((each) => Object.is(each, value)))
  /** What the code leaves behind, or zero if it is smaller than `limit`. What is no number stays what it is. */
  const unlessTiny = (code: ReadonlyArray<number>, limit: number) => [
    ...code,
    ...[...code, ...abs, ...constant(limit), ...lessThan],
    ...andNot
  ]
  const operand = (each: Operand): Array<number> => {
    if ("array" in each) return get(firstArray + each.array)
    if ("scalar" in each) return get(firstScalar + each.scalar)
    if ("made" in each) return get(firstMade + each.made)
    return constant(each.constant)
  }
  const pointer = (index: number) => [...get(1 + index), ...get(offset), 0x6a]

  const before = [
    ...Array.from({ length: scalars }, (_, at) => [
      ...get(1 + arrays + results.length + at),
      ...splat,
      ...set(firstScalar + at)
    ]),
    ...constants.map((value, at) => [0x43, ...bytesOf(value), ...splat, ...set(firstConstant + at)])
  ].flat()
  const loads = Array.from({ length: arrays }, (_, at) => [...pointer(at), ...load, ...set(firstArray + at)])
  const work = instructions.map((instruction, at) => {
    const limited = isSquare(instruction)
      ? (code: Array<number>) => unlessTiny(code, smallestRoot)
      : (code: Array<number>) => code
    return [
      ...instruction.operands.flatMap((each) => limited(operand(each))),
      ...[simd, ...unsigned(opcodes[instruction.op])],
      ...set(firstMade + at)
    ]
  })
  const stores = results.map((made, at) => [
    ...pointer(arrays + at),
    ...unlessTiny(get(firstMade + made), smallest),
    ...store
  ])
  const body = [...loads, ...work, ...stores].flat()
  const loop = [
    // block; loop: leave when no block is left
    ...[0x02, empty, 0x03, empty],
    ...[...get(0), 0x45, 0x0d, 1],
    ...body,
    ...[...get(offset), 0x41, 16, 0x6a, ...set(offset)],
    ...[...get(0), 0x41, 1, 0x6b, ...set(0)],
    ...[0x0c, 0, 0x0b, 0x0b]
  ]
  const vectors = scalars + constants.length + arrays + instructions.length
  const locals = list([
    [1, i32],
    [...unsigned(vectors), v128]
  ])
  return [...locals, ...before, ...loop, 0x0b]
}

export const isSquare = ({ op, operands: [a, b] }: Instruction): boolean =>
  op === "Mul" && JSON.stringify(a) === JSON.stringify(b)

/** Every constant once; zero and minus zero are two. */
const constantsOf = ({ instructions }: ElementwiseProgram): ReadonlyArray<number> =>
  [
    smallest,
    smallestRoot,
    ...instructions.flatMap(({ operands }) =>
      operands.flatMap((each) => ("constant" in each ? [each.constant] : []))
    )
  ].filter((constant, at, all) => all.findIndex((other) => Object.is(other, constant)) === at)

const bytesOf = (value: number): ReadonlyArray<number> => [...new Uint8Array(Float32Array.of(value).buffer)]
