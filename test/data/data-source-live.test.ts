import { createHash } from "node:crypto"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { createServer, type RequestListener } from "node:http"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { type DataFile, DataSource } from "../../src/data/data-source.ts"
import { type DataSourceConfig, dataSourceLive } from "../../src/data/data-source-live.ts"

const content = Buffer.from("the content of the file, which is not long")
const other = Buffer.from("THE CONTENT OF THE FILE, WHICH IS NOT LONG")
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const file = (mirrors: ReadonlyArray<string>): DataFile => ({
  name: "letters-idx1-ubyte",
  aliases: ["letters.idx1-ubyte"],
  sha256: sha256(content),
  size: content.length,
  mirrors
})
const bomb = gzipSync(new Uint8Array(1 << 20))
const names = "letters-idx1-ubyte, letters-idx1-ubyte.gz, letters.idx1-ubyte, letters.idx1-ubyte.gz"

/** Two empty directories, one the user's and one for the cache, and the messages about downloads. */
const directories = Effect.acquireRelease(
  Effect.sync(() => {
    const root = mkdtempSync(join(tmpdir(), "data-source-"))
    const [dataDir, cacheDir] = [join(root, "data"), join(root, "cache")]
    mkdirSync(dataDir)
    return { dataDir, cacheDir, cached: join(cacheDir, "letters", "letters-idx1-ubyte") }
  }),
  ({ dataDir }) => Effect.sync(() => rmSync(join(dataDir, ".."), { recursive: true, force: true }))
)

/** A server on this machine that counts its requests. */
const serve = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ url: string; requests: () => number; close: () => void }>((resume) => {
      let requests = 0
      const server = createServer((request, response) => {
        requests++
        listener(request, response)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.closeAllConnections()
          server.close()
        }
        resume(
          Effect.succeed({ url: `http://127.0.0.1:${port}/letters.gz`, requests: () => requests, close })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const quick = {
  answerWithin: "300 millis",
  silentFor: "300 millis",
  retries: 1,
  retryAfter: "1 millis"
} as const

const fetch = (config: DataSourceConfig, wanted: DataFile) =>
  DataSource.use((source) => source.file("Letters", wanted)).pipe(
    Effect.provide(Layer.merge(dataSourceLive({ limits: quick, ...config }), Logger.layer([]))),
    Effect.map((bytes) => Buffer.from(bytes).toString())
  )

const failing = (config: DataSourceConfig, wanted: DataFile) => Effect.flip(fetch(config, wanted))

describe("the data directory", () => {
  const places = [
    "letters-idx1-ubyte",
    "letters-idx1-ubyte.gz",
    "letters.idx1-ubyte",
    "letters.idx1-ubyte.gz",
    "letters/letters-idx1-ubyte.gz"
  ]
  it.live.each(places)("may hold a file as %s", (place) =>
    Effect.gen(function* () {
      const { dataDir, cacheDir } = yield* directories
      mkdirSync(join(dataDir, "letters"))
      writeFileSync(join(dataDir, place), place.endsWith(".gz") ? gzipSync(content) : content)
      assert.strictEqual(yield* fetch({ dataDir, cacheDir }, file([])), content.toString())
      assert.isFalse(existsSync(cacheDir), "a user's own file needs no copy")
    })
  )

  const wrong: ReadonlyArray<readonly [what: string, bytes: Uint8Array, problem: string]> = [
    ["other bytes", other, `has content of SHA-256 ${sha256(other)}, not ${sha256(content)}`],
    ["a shorter file", content.subarray(0, 7), "has 7 bytes of content, not 42"],
    ["a huge file", new Uint8Array(70_000), "has 70000 bytes; at most 65579 were expected"],
    [
      "a gzip bomb",
      bomb,
      `gzip: its ${bomb.length} bytes decompress to more than the 42 expected; stopped there`
    ],
    [
      "broken gzip",
      gzipSync(content).subarray(0, 30),
      "gzip: its 30 bytes are not a whole gzip file: unexpected end of file"
    ]
  ]
  it.live.each(wrong)(
    "with %s in place of the file is an error, not a reason to download",
    ([, bytes, problem]) =>
      Effect.gen(function* () {
        const { dataDir, cacheDir } = yield* directories
        const server = yield* serve((_, response) => response.end(gzipSync(content)))
        const path = join(dataDir, "letters-idx1-ubyte")
        writeFileSync(path, bytes)
        const error = yield* failing({ dataDir, cacheDir }, file([server.url]))
        assert.strictEqual(error._tag, "DataFileRejected")
        assert.strictEqual(
          error.message,
          `Letters: ${path} is not the published \`letters-idx1-ubyte\`: ${problem}`
        )
        assert.strictEqual(
          error.hint,
          "replace it by the published file, or remove it or --data-dir and it is downloaded"
        )
        assert.strictEqual(server.requests(), 0)
      })
  )

  it.live("with a directory under the file's name is an error", () =>
    Effect.gen(function* () {
      const { dataDir, cacheDir } = yield* directories
      mkdirSync(join(dataDir, "letters-idx1-ubyte"))
      const error = yield* failing({ dataDir, cacheDir }, file([]))
      assert.match(
        error.message,
        /letters-idx1-ubyte is not the published `letters-idx1-ubyte`: is not a regular file$/
      )
    })
  )

  it.live("with a file that may not be read is an error", () =>
    Effect.gen(function* () {
      const { dataDir, cacheDir } = yield* directories
      const path = join(dataDir, "letters-idx1-ubyte")
      writeFileSync(path, content)
      chmodSync(path, 0)
      yield* asNobody(dirname(dataDir))
      const error = yield* failing({ dataDir, cacheDir }, file([]))
      assert.match(error.message, /cannot be read: EACCES$/)
    })
  )
})

/** Root may read everything; so for the rest of the test this process is somebody else, who may enter `directory`. */
const asNobody = (directory: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const isRoot = process.getuid?.() === 0
      if (isRoot) {
        chmodSync(directory, 0o755)
        process.seteuid?.(65_534)
      }
      return isRoot
    }),
    (isRoot) => Effect.sync(() => void (isRoot && process.seteuid?.(0)))
  )

describe("mirrors", () => {
  it.live("are asked once; then the cache answers", () =>
    Effect.gen(function* () {
      const { cacheDir, cached } = yield* directories
      const server = yield* serve((_, response) => response.end(gzipSync(content)))
      assert.strictEqual(yield* fetch({ cacheDir }, file([server.url])), content.toString())
      assert.deepStrictEqual(readFileSync(cached), content)
      assert.deepStrictEqual(readdirSync(join(cacheDir, "letters")), ["letters-idx1-ubyte"])
      assert.strictEqual(yield* fetch({ cacheDir, offline: true }, file([server.url])), content.toString())
      assert.strictEqual(server.requests(), 1)
    })
  )

  it.live("heal a cache whose file was changed", () =>
    Effect.gen(function* () {
      const { cacheDir, cached } = yield* directories
      const server = yield* serve((_, response) => response.end(gzipSync(content)))
      mkdirSync(join(cacheDir, "letters"), { recursive: true })
      writeFileSync(cached, other)
      assert.strictEqual(yield* fetch({ cacheDir }, file([server.url])), content.toString())
      assert.deepStrictEqual(readFileSync(cached), content)
    })
  )

  it.live("may redirect, send plain bytes, and fail for a moment", () =>
    Effect.gen(function* () {
      const { cacheDir } = yield* directories
      let calls = 0
      const server = yield* serve((request, response) => {
        calls++
        if (calls === 1) response.writeHead(503).end()
        else if (request.url === "/plain") response.end(content)
        else response.writeHead(302, { location: "/plain" }).end()
      })
      assert.strictEqual(yield* fetch({ cacheDir }, file([server.url])), content.toString())
      assert.strictEqual(server.requests(), 3)
    })
  )

  it.live("report progress in bytes, up to the whole", () =>
    Effect.gen(function* () {
      const { cacheDir } = yield* directories
      const zipped = gzipSync(content)
      const server = yield* serve((_, response) =>
        response.writeHead(200, { "content-length": zipped.length }).end(zipped)
      )
      const reports: Array<readonly [number, number, string]> = []
      const onProgress = (done: number, total: number, what: string) => reports.push([done, total, what])
      yield* fetch({ cacheDir, onProgress }, file([server.url]))
      assert.deepStrictEqual(reports.at(-1), [zipped.length, zipped.length, "letters-idx1-ubyte"])
    })
  )

  it.live("that cannot be written to the cache are used all the same", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* directories
      const blocked = join(dataDir, "a-file")
      writeFileSync(blocked, "")
      const server = yield* serve((_, response) => response.end(gzipSync(content)))
      assert.strictEqual(yield* fetch({ cacheDir: blocked }, file([server.url])), content.toString())
    })
  )
})

describe("a file that cannot be had", () => {
  const misdeeds: ReadonlyArray<readonly [what: string, listener: RequestListener, result: RegExp]> = [
    ["is missing", (_, response) => response.writeHead(404).end(), /HTTP 404$/],
    [
      "is another file",
      (_, response) => response.end(gzipSync(other)),
      new RegExp(`has content of SHA-256 ${sha256(other)}, not ${sha256(content)}$`)
    ],
    [
      "announces too much",
      (_, response) => response.writeHead(200, { "content-length": 1e9 }).write("x"),
      /sends 1000000000 bytes or more where at most 65579 were expected$/
    ],
    [
      "sends too much",
      (_, response) => response.writeHead(200).end(new Uint8Array(200_000)),
      /sends \d+ bytes or more where at most 65579 were expected$/
    ],
    [
      "hangs up",
      (_, response) => {
        response.writeHead(200, { "content-length": 60 }).write("x")
        setTimeout(() => response.destroy(), 20)
      },
      /network error: .+$/
    ],
    ["falls silent", (_, response) => response.writeHead(200).write("x"), /fell silent after 1 bytes$/],
    ["never answers", () => undefined, /no answer in time$/],
    [
      "redirects for ever",
      (_, response) => response.writeHead(302, { location: "/again" }).end(),
      /HTTP 302$/
    ],
    [
      "is a bomb",
      (_, response) => response.end(bomb),
      /decompress to more than the 42 expected; stopped there$/
    ]
  ]
  it.live.each(misdeeds)("because the mirror's file %s says so", ([, listener, result]) =>
    Effect.gen(function* () {
      const { cacheDir } = yield* directories
      const server = yield* serve(listener)
      const error = yield* failing({ cacheDir }, file([server.url]))
      assert.match(error.message, result)
      assert.include(error.message, server.url)
      assert.isFalse(existsSync(cacheDir), "nothing wrong is kept")
    })
  )

  it.live("names every place that was tried, and the cure", () =>
    Effect.gen(function* () {
      const { dataDir, cacheDir, cached } = yield* directories
      const server = yield* serve((_, response) => response.writeHead(404).end())
      mkdirSync(join(cacheDir, "letters"), { recursive: true })
      writeFileSync(cached, other)
      const closed = "http://127.0.0.1:1/letters.gz"
      const error = yield* failing({ dataDir, cacheDir }, file([server.url, closed]))
      assert.deepStrictEqual(error.message.split("\n"), [
        "Letters: `letters-idx1-ubyte` could not be had; tried",
        `  data directory ${dataDir}: has no ${names}`,
        `  data directory ${dataDir}/letters: has no ${names}`,
        `  cache ${cached}: has content of SHA-256 ${sha256(other)}, not ${sha256(content)}; removed`,
        `  ${server.url}: HTTP 404`,
        `  ${closed}: network error: connect ECONNREFUSED 127.0.0.1:1`
      ])
      assert.match(error.hint, /--data-dir DIR.*--preset demo/)
    })
  )

  it.live("offline, without a request", () =>
    Effect.gen(function* () {
      const { cacheDir, cached } = yield* directories
      const server = yield* serve((_, response) => response.end(gzipSync(content)))
      const error = yield* failing({ cacheDir, offline: true }, file([server.url]))
      assert.deepStrictEqual(error.message.split("\n").slice(1), [
        "  data directory: none given (--data-dir DIR)",
        `  cache ${cached}: absent`,
        `  ${server.url}: not tried: offline`
      ])
      assert.strictEqual(server.requests(), 0)
    })
  )
})
