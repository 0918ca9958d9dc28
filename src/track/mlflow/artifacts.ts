/** Files of runs and of logged models, through the server's proxy to its artifact store. */
import { Effect, Option, Stream } from "effect"
import { Answers } from "./answers.ts"
import { type Place, placeOf } from "./artifact-place.ts"
import type { MlflowShape } from "./client.ts"
import { type MlflowError, MlflowServerFault } from "./errors.ts"
import { uploadInParts } from "./multipart.ts"
import { allPages } from "./pages.ts"
import type { Upload } from "./requests.ts"
import type { Failed } from "./retry.ts"
import { serverInfo } from "./server.ts"
import type { MlflowSettings } from "./settings.ts"
import type { Transport } from "./transport.ts"

type Artifacts = Pick<MlflowShape, "upload" | "artifacts">

export const makeArtifacts = (
  transport: Transport,
  { multipart }: MlflowSettings
): Effect.Effect<Artifacts> =>
  Effect.map(
    Effect.cached(
      Effect.map(serverInfo(transport), ({ multipart_uploads_enabled }) => multipart_uploads_enabled)
    ),
    (offersParts) => {
      const takesParts = multipart.use === "server" ? offersParts : Effect.succeed(multipart.use === "always")

      const send = <E>(place: Place, file: Upload<E>): Effect.Effect<number, MlflowError | E> =>
        Effect.gen(function* () {
          if (file.content._tag === "Bytes") {
            const bytes = yield* file.content.bytes
            yield* putBytes(transport, place, file, bytes)
            return bytes.length
          }
          const { size, stream } = file.content
          const inParts = size >= multipart.from && (yield* takesParts)
          const sent = inParts && (yield* uploadInParts(transport, place, { size, stream }, multipart.part))
          if (!sent) yield* putStream(transport, place, file, { size, stream })
          return size
        })

      return {
        upload: Effect.fnUntraced(function* (artifactUri, files) {
          // All paths first: what cannot be sent is to be known before anything is.
          const placed = yield* Effect.forEach(files, (file) =>
            Effect.map(placeOf(transport.address, artifactUri, file.path), (place) => ({ place, file }))
          )
          const sent = yield* Effect.forEach(placed, ({ place, file }) =>
            Effect.map(send(place, file), (size) => ({ place, size }))
          )
          yield* Effect.forEach(
            Map.groupBy(sent, ({ place }) => place.directory),
            ([directory, expected]) => verify(transport, directory, expected),
            { discard: true }
          )
        }),

        artifacts: (runId, directory = "") =>
          allPages((token) =>
            Effect.map(
              transport.call(
                {
                  action: `list artifacts of run ${runId}`,
                  method: "GET",
                  path: "/api/2.0/mlflow/artifacts/list",
                  query: [
                    ["run_id", runId],
                    ["path", directory],
                    ["page_token", token]
                  ]
                },
                Answers.artifacts
              ),
              ({ files, next_page_token }) => ({
                items: files.map(({ path, is_dir, file_size }) => ({
                  path,
                  isDirectory: is_dir,
                  size: file_size
                })),
                next: next_page_token
              })
            )
          )
      }
    }
  )

const putCall = (place: Place, contentType: string) =>
  ({
    action: `upload ${place.path}`,
    method: "PUT",
    path: place.route,
    headers: { "content-type": contentType }
  }) as const

const putBytes = <E>(transport: Transport, place: Place, { contentType }: Upload<E>, bytes: Uint8Array) =>
  transport.retry(transport.raw({ ...putCall(place, contentType), body: bytes }))

/** Reads the stream anew for each attempt; a stream that fails ends the attempts, with its own failure. */
const putStream = <E>(
  transport: Transport,
  place: Place,
  { contentType }: Upload<E>,
  { size, stream }: { readonly size: number; readonly stream: Stream.Stream<Uint8Array, E> }
): Effect.Effect<unknown, MlflowError | E> =>
  Effect.gen(function* () {
    let unreadable: Option.Option<E> = Option.none()
    const noted = Stream.tapError(stream, (error) =>
      Effect.sync(() => {
        unreadable = Option.some(error)
      })
    )
    const attempt = Effect.flatMap(Stream.toAsyncIterableEffect(noted), (pieces) =>
      transport.raw({ ...putCall(place, contentType), body: { size, pieces } })
    )
    const giveUp = (failed: Failed): Failed =>
      Option.isSome(unreadable) ? { ...failed, again: "never" } : failed
    yield* transport
      .retry(Effect.mapError(attempt, giveUp))
      .pipe(
        Effect.catch(
          (error): Effect.Effect<never, MlflowError | E> =>
            Effect.fail(Option.getOrElse(unreadable, () => error))
        )
      )
  })

/** A server may say that all is well and have stored something else. */
const verify = Effect.fnUntraced(function* (
  transport: Transport,
  directory: string,
  expected: ReadonlyArray<{ readonly place: Place; readonly size: number }>
) {
  const action = `check what was uploaded to ${directory}`
  const { files } = yield* transport.call(
    { action, method: "GET", path: "/api/2.0/mlflow-artifacts/artifacts", query: [["path", directory]] },
    Answers.artifacts
  )
  const sizes = new Map(files.map(({ path, file_size }) => [path, file_size]))
  for (const { place, size } of expected) {
    const stored = sizes.get(place.name)
    if (stored === size) continue
    return yield* new MlflowServerFault({
      server: transport.address,
      action,
      status: 200,
      code: "",
      reason: `${place.path} has ${size} bytes, and the server stored ${stored ?? "none"}`,
      transient: true
    })
  }
})
