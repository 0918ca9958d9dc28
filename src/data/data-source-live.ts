/**
 * The `DataSource` of real runs: the data directory, then the user's cache, then the mirrors.
 *
 * A file that is wrong is treated by whose it is. In the data directory it is the user's: the run stops and says so
 * (`DataFileRejected`), because a silent download would hide it. In the cache it is ours: it is removed and fetched again.
 */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import {
  type DataFile,
  DataFileRejected,
  DataSource,
  type DataSourceError,
  DataUnavailable
} from "./data-source.ts"
import type { NetworkLimits } from "./download.ts"
import { maxGzipBytes } from "./gunzip.ts"
import { namesOf, readVerified, removeFile, verified, writeWhole } from "./local-file.ts"

export interface DataSourceConfig {
  /** A directory of the user's with the published files, in it or in a folder named as the data set (`mnist`). */
  readonly dataDir?: string
  /** Where downloads are kept. */
  readonly cacheDir: string
  /** Never use the network. */
  readonly offline?: boolean
  /** Called while `what` is downloaded, with bytes; `total` is 0 where a server does not say. */
  readonly onProgress?: (done: number, total: number, what: string) => void
  readonly limits?: Partial<NetworkLimits>
}

const usualLimits: NetworkLimits = {
  answerWithin: "15 seconds",
  silentFor: "30 seconds",
  retries: 2,
  retryAfter: "500 millis"
}

export const dataSourceLive = (config: DataSourceConfig): Layer.Layer<DataSource> =>
  Layer.succeed(DataSource, {
    file: Effect.fn("DataSource.file")(function* (dataset, file) {
      const tried: Array<Attempt> = []
      const search = { config, dataset, file, tried }
      const content =
        (yield* fromDataDir(search)) ?? (yield* fromCache(search)) ?? (yield* fromMirrors(search))
      return content ?? (yield* new DataUnavailable({ dataset, file: file.name, tried }))
    })
  })

interface Attempt {
  readonly place: string
  readonly result: string
}

interface Search {
  readonly config: DataSourceConfig
  readonly dataset: string
  readonly file: DataFile
  readonly tried: Array<Attempt>
}

/** The content of the file, or `undefined` and a line about why not. */
type Found = Effect.Effect<Uint8Array | undefined, DataSourceError>

const folderOf = (dataset: string): string => dataset.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-")

const fromDataDir = Effect.fnUntraced(function* ({ config, dataset, file, tried }: Search) {
  const { dataDir } = config
  if (dataDir === undefined) {
    tried.push({ place: "data directory", result: "none given (--data-dir DIR)" })
    return undefined
  }
  for (const directory of [dataDir, join(dataDir, folderOf(dataset))]) {
    for (const name of namesOf(file)) {
      const path = join(directory, name)
      const content = yield* readVerified(path, file).pipe(
        Effect.mapError(({ problem }) => new DataFileRejected({ dataset, file: file.name, path, problem }))
      )
      if (content === undefined) continue
      yield* Effect.logInfo(`${file.name} read from ${path}`)
      return content
    }
    tried.push({ place: `data directory ${directory}`, result: `has no ${namesOf(file).join(", ")}` })
  }
  return undefined
}) satisfies (search: Search) => Found

const cachePath = ({ config, dataset, file }: Search): string =>
  join(config.cacheDir, folderOf(dataset), file.name)

const fromCache = Effect.fnUntraced(function* (search: Search) {
  const path = cachePath(search)
  const place = `cache ${path}`
  return yield* readVerified(path, search.file).pipe(
    Effect.tap((content) => {
      if (content !== undefined) return Effect.logInfo(`${search.file.name} read from ${path}`)
      search.tried.push({ place, result: "absent" })
      return Effect.void
    }),
    Effect.catch(({ problem }) => {
      search.tried.push({ place, result: `${problem}; removed` })
      return Effect.as(removeFile(path), undefined)
    })
  )
}) satisfies (search: Search) => Found

const fromMirrors = Effect.fnUntraced(function* (search: Search) {
  for (const url of search.file.mirrors) {
    if (search.config.offline === true) {
      search.tried.push({ place: url, result: "not tried: offline" })
      continue
    }
    const content = yield* fromMirror(search, url)
    if (content === undefined) continue
    yield* writeWhole(cachePath(search), content).pipe(
      Effect.catch((error) => Effect.logWarning(error.message))
    )
    return content
  }
  return undefined
}) satisfies (search: Search) => Found

const fromMirror = ({ config, file, tried }: Search, url: string): Found =>
  Effect.gen(function* () {
    // An HTTP client takes a tenth of a second to load; most runs find their data on disk.
    const { download } = yield* Effect.promise(() => import("./download.ts"))
    yield* Effect.logInfo(`downloading ${url}`)
    const bytes = yield* download({
      url,
      maxBytes: maxGzipBytes(file.size),
      limits: { ...usualLimits, ...config.limits },
      onProgress: (done, total) => config.onProgress?.(done, total, file.name)
    }).pipe(Effect.mapError(({ reason }) => reason))
    return yield* verified(bytes, file).pipe(Effect.mapError(({ problem }) => problem))
  }).pipe(
    Effect.catch((result) => {
      tried.push({ place: url, result })
      return Effect.succeed(undefined)
    })
  )
