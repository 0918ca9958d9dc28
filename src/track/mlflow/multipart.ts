/** Large files in parts: the server hands out addresses in its object store, and is told what went there. */
import { Effect, Stream } from "effect"
import { Answers } from "./answers.ts"
import type { Place } from "./artifact-place.ts"
import { type MlflowError, MlflowServerFault } from "./errors.ts"
import type { Transport } from "./transport.ts"

const service = "/api/2.0/mlflow-artifacts/mpu"

/**
 * Uploads a file in parts of `partBytes`, of which one at a time is in memory.
 *
 * @returns false, and has done nothing, where the store behind the server takes no parts
 */
export const uploadInParts = <E>(
  transport: Transport,
  place: Place,
  { size, stream }: { readonly size: number; readonly stream: Stream.Stream<Uint8Array, E> },
  partBytes: number
): Effect.Effect<boolean, MlflowError | E> =>
  Effect.gen(function* () {
    const directory = place.directory.split("/").map(encodeURIComponent).join("/")
    const about = (call: "create" | "complete" | "abort", json: object) =>
      ({
        action: `upload ${place.path} in parts (${call})`,
        method: "POST",
        path: `${service}/${call}/${directory}`,
        json: { ...json, path: place.name }
      }) as const

    const count = Math.max(1, Math.ceil(size / partBytes))
    const begun = yield* transport
      .call(about("create", { num_parts: count }), Answers.multipart)
      .pipe(Effect.catchTag("MlflowUnsupported", () => Effect.succeed(undefined)))
    if (begun === undefined) return false
    const { upload_id, credentials } = begun

    yield* Effect.gen(function* () {
      const parts = yield* stream.pipe(
        piecesOf(partBytes),
        Stream.zip(Stream.fromIterable(credentials)),
        Stream.mapEffect(([bytes, { url, part_number, headers }]) => {
          const call = {
            action: `upload part ${part_number} of ${place.path}`,
            method: "PUT",
            path: "",
            elsewhere: new URL(url),
            headers,
            body: bytes
          } as const
          return Effect.map(transport.retry(transport.raw(call)), (answer) => ({
            part_number,
            etag: String(answer.headers["etag"] ?? ""),
            url
          }))
        }),
        Stream.runCollect
      )
      if (parts.length !== count)
        return yield* new MlflowServerFault({
          server: transport.address,
          action: `upload ${place.path} in parts`,
          status: 200,
          code: "",
          reason: `${count} parts were to be sent, and the server gave ${credentials.length} addresses`,
          transient: false
        })
      yield* transport.call(about("complete", { upload_id, parts }), Answers.nothing)
    }).pipe(
      // Parts of an upload that never ends would be kept, and paid for.
      Effect.onError(() => Effect.ignore(transport.attempt(about("abort", { upload_id }), Answers.nothing)))
    )
    return true
  })

/** The same bytes in pieces of exactly `bytes`, but for the last. */
const piecesOf =
  (bytes: number) =>
  <E>(stream: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
    stream.pipe(
      Stream.mapAccum(
        () => new Cutter(bytes),
        (cutter, piece: Uint8Array) => [cutter, cutter.add(piece)] as const,
        { onHalt: (cutter) => cutter.rest() }
      )
    )

class Cutter {
  readonly #bytes: number
  #waiting: Array<Uint8Array> = []
  #length = 0

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** The pieces that are complete with this one. */
  add(piece: Uint8Array): ReadonlyArray<Uint8Array> {
    this.#waiting.push(piece)
    this.#length += piece.length
    if (this.#length < this.#bytes) return []
    const all = Buffer.concat(this.#waiting, this.#length)
    const whole = Math.floor(all.length / this.#bytes)
    const rest = all.subarray(whole * this.#bytes)
    this.#waiting = [rest]
    this.#length = rest.length
    return Array.from({ length: whole }, (_, index) =>
      all.subarray(index * this.#bytes, (index + 1) * this.#bytes)
    )
  }

  rest(): ReadonlyArray<Uint8Array> {
    return this.#length === 0 ? [] : [Buffer.concat(this.#waiting, this.#length)]
  }
}
