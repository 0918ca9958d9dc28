/** The kernels of one program and the memory that they work in. */
import type { TensorArray } from "../../../artifact/tensor-data.ts"
import { type Kernel, makeKernel } from "./kernel.ts"
import type { Place, Update } from "./split-off.ts"

const pageBytes = 65536

interface Ready {
  readonly update: Update
  readonly kernel: Kernel
  readonly blocks: number
  /** Addresses of arrays, then of results. */
  readonly places: ReadonlyArray<number>
}

export class Updates {
  readonly #addresses = new Map<string, { readonly address: number; readonly elements: number }>()
  readonly #views = new Map<string, Float32Array>()
  readonly #ready: ReadonlyArray<Ready>

  constructor(updates: ReadonlyArray<Update>) {
    let end = 0
    for (const { elements, arrays, results } of updates) {
      for (const key of [...arrays.map(keyOf), ...results.map((name) => keyOf({ _tag: "State", name }))]) {
        if (this.#addresses.has(key)) continue
        this.#addresses.set(key, { address: end, elements })
        // The last four numbers may reach over an array's end.
        end += Math.ceil(elements / 4) * 16
      }
    }
    if (end === 0) {
      // Even an empty memory reserves gigabytes of addresses.
      this.#ready = []
      return
    }
    const memory = new WebAssembly.Memory({ initial: Math.ceil(end / pageBytes) })
    for (const [key, { address, elements }] of this.#addresses)
      this.#views.set(key, new Float32Array(memory.buffer, address, elements))
    this.#ready = updates.map((update) => ({
      update,
      kernel: makeKernel(update.program, memory),
      blocks: Math.ceil(update.elements / 4),
      places: [...update.arrays, ...update.results.map((name) => ({ _tag: "State" as const, name }))].map(
        (place) => this.#addressOf(place)
      )
    }))
  }

  /** Where a state lies, if a kernel reads or writes it. */
  stateAt(name: string): Float32Array | undefined {
    return this.#views.get(keyOf({ _tag: "State", name }))
  }

  /** Where an output of the graph is to be written, if a kernel reads all of it. */
  madeAt(name: string): Float32Array | undefined {
    return this.#views.get(keyOf({ _tag: "Made", name }))
  }

  /**
   * Runs all kernels. Outputs of the graph for which there is a place are there.
   *
   * @param given inputs and state by name
   * @param made outputs of the graph by name
   */
  run(
    given: (name: string) => TensorArray | undefined,
    made: (name: string) => TensorArray | undefined
  ): void {
    const at = ({ _tag, name }: Place) => (_tag === "Made" ? made(name) : given(name))
    // All numbers are read before a kernel writes over one of them.
    const scalars = this.#ready.map(({ update }) =>
      update.scalars.map((place) => at(place)?.[0] ?? Number.NaN)
    )
    for (const { update } of this.#ready)
      for (const place of update.arrays)
        if (place._tag === "Input") this.#views.get(keyOf(place))?.set(at(place) ?? [])
    for (const [number, { kernel, blocks, places }] of this.#ready.entries())
      kernel(blocks, ...places, ...(scalars[number] ?? []))
  }

  #addressOf(place: Place): number {
    const found = this.#addresses.get(keyOf(place))
    if (found === undefined) throw new Error(`${place.name} has no place`)
    return found.address
  }
}

const keyOf = ({ _tag, name }: Place): string => `${_tag} ${name}`
