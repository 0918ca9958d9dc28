/**
 * Counts the bytes of memory that some code asks for.
 *
 * Constructors of typed arrays and buffers are replaced while it counts. So a length that a file only claims is seen when it is
 * asked for, whether or not the system would have given so much, or only promised it.
 */

const typed = [
  "Uint8Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
  "Uint16Array",
  "Uint32Array",
  "BigInt64Array",
  "ArrayBuffer"
] as const

/** No honest reader asks for so much at once; what does is stopped before the memory is taken. */
const mostAtOnce = 1 << 30

export class AskedForTooMuch extends Error {}

export class Meter {
  requested = 0
  readonly #undo: Array<() => void> = []

  start(): void {
    for (const name of typed) {
      const original = globalThis[name]
      const counting: typeof original = new Proxy(original, {
        construct: (target, [first, ...rest], newTarget): object => {
          if (typeof first === "number")
            this.#count(first * ("BYTES_PER_ELEMENT" in target ? target.BYTES_PER_ELEMENT : 1))
          return Reflect.construct(target, [first, ...rest], newTarget === counting ? target : newTarget)
        }
      })
      Reflect.set(globalThis, name, counting)
      this.#undo.push(() => void Reflect.set(globalThis, name, original))
    }
    for (const name of ["alloc", "allocUnsafe", "allocUnsafeSlow"] as const) {
      const original = Buffer[name]
      const count = (size: number): void => this.#count(size)
      Reflect.set(Buffer, name, (size: number, ...rest: ReadonlyArray<never>) => {
        count(size)
        return Reflect.apply(original, Buffer, [size, ...rest])
      })
      this.#undo.push(() => void Reflect.set(Buffer, name, original))
    }
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo()
  }

  #count(bytes: number): void {
    this.requested += bytes
    if (bytes > mostAtOnce) throw new AskedForTooMuch(`${bytes} bytes were asked for at once`)
  }
}
