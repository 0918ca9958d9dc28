/**
 * Labelled images.
 *
 * A *stored* dataset is one safetensors file with `images` `[n, height, width, channels]` and `labels` `[n]`.
 * Images are `U8` (a pixel is value / 255) or `F32` (a pixel is the value). A *combined* dataset holds no image: it
 * names other datasets as its parts and, where rows are chosen or reordered, says which row comes from where. Readers
 * see no difference: they ask for rows and get float32 pixels in [0, 1].
 */
import { Effect, Schema, Stream } from "effect"
import type { Digest } from "../digest.ts"
import { type ArtifactReader, type ArtifactWriter, type BlobReader, CodecError, Kind } from "../kind.ts"
import { encodeHeader, readHeader, type SafetensorsHeader, type TensorEntry } from "../safetensors.ts"
import { fromShallowJson } from "../shallow-json.ts"
import type { StoreError } from "../store-error.ts"
import { bytesOf, bytesPerElement, elementsFrom, elementsOf } from "../tensor-data.ts"

/** Raised when the files change their form, so that no old one is misread. */
const formatVersion = 1

const Size = Schema.Int.check(Schema.isGreaterThan(0))

/** What is known of a dataset without reading an image. */
export const DatasetInfo = Schema.Struct({
  /** Where the images come from, for people: `MNIST train`, `synthetic-digits`. */
  name: Schema.String,
  /** Height, width, channels of one image. */
  shape: Schema.Tuple([Size, Size, Size]),
  /** The classes' names; a label is an index into them. */
  classes: Schema.Array(Schema.String),
  /** Anything else worth keeping: a source's address, an attack's settings. */
  notes: Schema.Record(Schema.String, Schema.Json)
})
export type DatasetInfo = typeof DatasetInfo.Type

/** Rows of a dataset: `images` is row-major `[count, height, width, channels]` in [0, 1]; labels index the classes. */
export interface Rows {
  readonly images: Float32Array
  readonly labels: Int32Array
}

/** Rows with their pixels as they are stored: bytes mean value / 255, floats mean themselves. */
export interface RawRows {
  readonly images: Uint8Array | Float32Array
  readonly labels: Int32Array
}

export type DatasetError = CodecError | StoreError

export interface Dataset {
  readonly info: DatasetInfo
  readonly count: number
  readonly layout: Layout
  /** The artifact this was read from; absent while a stage is still making it. */
  readonly digest?: Digest
  /** Rows `from` up to, not including, `to`. */
  rows(from: number, to: number): Effect.Effect<Rows, DatasetError>
  rawRows(from: number, to: number): Effect.Effect<RawRows, DatasetError>
}

export type Layout =
  | { readonly _tag: "Stored"; readonly dtype: "U8" | "F32" }
  | {
      readonly _tag: "Combined"
      readonly parts: ReadonlyArray<Digest>
      readonly order: Int32Array | undefined
    }

/**
 * A dataset whose rows come from a function of their position, so that it is written without ever being whole in memory.
 * `rows` must give the same rows for the same range; it is called for ranges that follow each other.
 */
const generate = (options: {
  readonly info: DatasetInfo
  readonly count: number
  readonly dtype: "U8" | "F32"
  readonly rows: (from: number, to: number) => Effect.Effect<RawRows, DatasetError>
}): Dataset => {
  const { info, count, dtype } = options
  const rawRows: Dataset["rawRows"] = (from, to) => outside(from, to, count) ?? options.rows(from, to)
  const rows: Dataset["rows"] = (from, to) => Effect.map(rawRows(from, to), toUnitRange)
  return { info, count, layout: { _tag: "Stored", dtype }, rawRows, rows }
}

/** The failure to read rows that do not exist; `undefined` where they all do. */
const outside = (from: number, to: number, count: number): Effect.Effect<never, CodecError> | undefined =>
  Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= count
    ? undefined
    : mistake(`there are no rows ${from} to ${to} among ${count}`)

/** A dataset that is in memory: `images` `[n, height, width, channels]`, `labels` `[n]`. */
const fromArrays = (options: {
  readonly info: DatasetInfo
  readonly images: Uint8Array | Float32Array
  readonly labels: Int32Array
}): Dataset => {
  const row = elementsOf(options.info.shape)
  return generate({
    info: options.info,
    count: options.labels.length,
    dtype: options.images instanceof Uint8Array ? "U8" : "F32",
    rows: (from, to) =>
      options.images.length === options.labels.length * row
        ? Effect.succeed({
            images: options.images.subarray(from * row, to * row),
            labels: options.labels.subarray(from, to)
          })
        : mistake(
            `\`${options.info.name}\` has ${options.labels.length} labels and ${options.images.length / row} images`
          )
  })
}

/**
 * Puts datasets one after the other without copying an image. With `order`, row `i` of the result is row `order[i]` of
 * that sequence, so the same call selects, splits and shuffles. Every part must be a stage's input: only an artifact has
 * a name by which it can be a part.
 */
const combine = (
  parts: ReadonlyArray<Dataset>,
  options: { readonly info: DatasetInfo; readonly order?: Int32Array }
): Effect.Effect<Dataset, CodecError> =>
  Effect.gen(function* () {
    const digests: Array<Digest> = []
    for (const part of parts) {
      if (part.digest === undefined) {
        return yield* mistake(
          "combine takes datasets that are inputs of the stage; one of these was made in it"
        )
      }
      if (part.info.shape.join() !== options.info.shape.join()) {
        return yield* mistake(
          `\`${part.info.name}\` has images of shape [${part.info.shape.join(", ")}], the combined set [${options.info.shape.join(", ")}]`
        )
      }
      digests.push(part.digest)
    }
    const total = parts.reduce((sum, part) => sum + part.count, 0)
    const outside = options.order?.find((row) => row < 0 || row >= total)
    if (outside !== undefined) return yield* mistake(`order names row ${outside} of ${total}`)
    return combinedView(parts, digests, options.info, options.order)
  })

const combinedView = (
  parts: ReadonlyArray<Dataset>,
  digests: ReadonlyArray<Digest>,
  info: DatasetInfo,
  order: Int32Array | undefined
): Dataset => {
  const starts = [0]
  for (const part of parts) starts.push((starts.at(-1) ?? 0) + part.count)
  const count = order?.length ?? starts.at(-1) ?? 0
  const width = elementsOf(info.shape)
  const partOf = (row: number): number => {
    let low = 0
    let high = parts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= row) low = middle
      else high = middle - 1
    }
    return low
  }

  const rows = Effect.fnUntraced(function* (from: number, to: number) {
    const mistaken = outside(from, to, count)
    if (mistaken !== undefined) return yield* mistaken
    const images = new Float32Array((to - from) * width)
    const labels = new Int32Array(to - from)
    const source = (row: number): number => order?.[row] ?? row
    for (let at = from; at < to; ) {
      const first = source(at)
      const index = partOf(first)
      const part = parts[index]
      const start = starts[index] ?? 0
      if (part === undefined) return yield* mistake(`there is no row ${first}`)
      // Rows that follow each other in one part are read at once.
      let length = 1
      while (
        at + length < to &&
        source(at + length) === first + length &&
        first + length < start + part.count
      )
        length++
      const read = yield* part.rows(first - start, first - start + length)
      images.set(read.images, (at - from) * width)
      labels.set(read.labels, at - from)
      at += length
    }
    return { images, labels }
  })
  return { info, count, layout: { _tag: "Combined", parts: digests, order }, rows, rawRows: rows }
}

/** Bytes of images that are encoded or converted at a time. */
const chunkBytes = 1 << 22

/** Ranges of rows that together cover `[0, count)`, each holding about four megabytes of stored pixels. */
export const chunks = (
  count: number,
  bytesPerRow: number
): ReadonlyArray<readonly [from: number, to: number]> => {
  const step = Math.max(1, Math.floor(chunkBytes / bytesPerRow))
  const ranges: Array<readonly [number, number]> = []
  for (let from = 0; from < count; from += step) ranges.push([from, Math.min(count, from + step)])
  return ranges
}

const encode = Effect.fnUntraced(function* (dataset: Dataset, writer: ArtifactWriter) {
  const info = yield* Schema.encodeEffect(InfoFile)({
    ...dataset.info,
    count: dataset.count,
    layout: dataset.layout._tag
  }).pipe(Effect.mapError((error) => new CodecError({ kind: "Dataset", reason: error.message })))
  yield* writer.bytes("dataset.json", Buffer.from(`${info}\n`))
  if (dataset.layout._tag === "Combined") {
    for (const part of dataset.layout.parts) yield* writer.part(part)
    const { order } = dataset.layout
    if (order === undefined) return
    const header = encodeHeader([{ name: "order", dtype: "I32", shape: [order.length] }])
    return yield* writer.bytes("order.safetensors", Buffer.concat([header, bytesOf(order)]))
  }
  yield* writer.stream("data.safetensors", storedBytes(dataset, dataset.layout.dtype))
})

const storedBytes = (dataset: Dataset, dtype: "U8" | "F32"): Stream.Stream<Uint8Array, DatasetError> => {
  const header = encodeHeader([
    { name: "images", dtype, shape: [dataset.count, ...dataset.info.shape] },
    { name: "labels", dtype: "I32", shape: [dataset.count] }
  ])
  const width = elementsOf(dataset.info.shape)
  const labels = new Int32Array(dataset.count)
  const images = Stream.fromIterable(chunks(dataset.count, width * bytesPerElement[dtype])).pipe(
    Stream.mapEffect(([from, to]) =>
      Effect.flatMap(dataset.rawRows(from, to), (rows) => {
        const problem = checkRows(dataset, dtype, from, to, rows)
        if (problem !== undefined) return mistake(problem)
        labels.set(rows.labels, from)
        return Effect.succeed(bytesOf(rows.images))
      })
    )
  )
  // The labels are complete only when the last image has been read.
  const last = Stream.fromEffect(Effect.sync(() => bytesOf(labels)))
  return Stream.make(header).pipe(Stream.concat(images), Stream.concat(last))
}

const checkRows = (dataset: Dataset, dtype: "U8" | "F32", from: number, to: number, rows: RawRows) => {
  const width = elementsOf(dataset.info.shape)
  if (rows.labels.length !== to - from || rows.images.length !== (to - from) * width) {
    return `rows ${from} to ${to} of \`${dataset.info.name}\` came as ${rows.labels.length} labels and ${rows.images.length / width} images`
  }
  if (rows.images instanceof Uint8Array !== (dtype === "U8"))
    return `rows of \`${dataset.info.name}\` are not ${dtype}`
  const classes = dataset.info.classes.length
  const label = rows.labels.find((value) => value < 0 || value >= classes)
  if (label !== undefined) return `\`${dataset.info.name}\` has label ${label}, but ${classes} classes`
  if (rows.images instanceof Float32Array) {
    const pixel = rows.images.find((value) => !(value >= 0 && value <= 1))
    if (pixel !== undefined) return `\`${dataset.info.name}\` has a pixel of ${pixel}; pixels are in [0, 1]`
  }
  return undefined
}

const InfoFile = fromShallowJson(
  Schema.Struct({ ...DatasetInfo.fields, count: Schema.Int, layout: Schema.Literals(["Stored", "Combined"]) })
)

const decode = (reader: ArtifactReader): Effect.Effect<Dataset, DatasetError> =>
  Effect.gen(function* () {
    const text = Buffer.from(yield* reader.bytes("dataset.json")).toString("utf8")
    const { count, layout, ...info } = yield* Schema.decodeUnknownEffect(InfoFile)(text).pipe(
      Effect.mapError((error) => new CodecError({ kind: "Dataset", reason: error.message }))
    )
    const dataset =
      layout === "Stored" ? yield* decodeStored(reader, info, count) : yield* decodeCombined(reader, info)
    if (dataset.count !== count)
      return yield* mistake(`dataset.json says ${count} rows, its data has ${dataset.count}`)
    return { ...dataset, digest: reader.digest }
  })

const decodeStored = Effect.fnUntraced(function* (reader: ArtifactReader, info: DatasetInfo, count: number) {
  const blob = yield* reader.open("data.safetensors")
  const header = yield* headerOf(blob)
  const images = yield* tensorOf(header, "images", [count, ...info.shape])
  const labels = yield* tensorOf(header, "labels", [count])
  if (images.dtype !== "U8" && images.dtype !== "F32") return yield* mistake(`images of type ${images.dtype}`)
  if (labels.dtype !== "I32") return yield* mistake(`labels of type ${labels.dtype}`)
  const width = elementsOf(info.shape)
  const elements = Effect.fnUntraced(function* (entry: TensorEntry, from: number, to: number) {
    const size = bytesPerElement[entry.dtype]
    const bytes = yield* blob.read(header.dataOffset + entry.begin + from * size, (to - from) * size)
    return elementsFrom(entry.dtype, bytes)
  })
  return generate({
    info,
    count,
    dtype: images.dtype,
    rows: Effect.fnUntraced(function* (from, to) {
      const pixels = yield* elements(images, from * width, to * width)
      const classes = yield* elements(labels, from, to)
      if (
        !(pixels instanceof Uint8Array || pixels instanceof Float32Array) ||
        !(classes instanceof Int32Array)
      ) {
        return yield* mistake(`images are ${images.dtype} and labels ${labels.dtype}`)
      }
      return { images: pixels, labels: classes }
    })
  })
})

const decodeCombined = Effect.fnUntraced(function* (reader: ArtifactReader, info: DatasetInfo) {
  const parts: Array<Dataset> = []
  for (let index = 0; index < reader.manifest.parts.length; index++) {
    const part = yield* reader.part(index)
    const { kind, version } = part.manifest
    if (kind !== "Dataset" || version !== formatVersion)
      return yield* mistake(`part ${index} is a ${kind} of version ${version}`)
    const dataset = yield* decode(part)
    if (dataset.info.shape.join() !== info.shape.join())
      return yield* mistake(`part ${index} has images of shape [${dataset.info.shape.join(", ")}]`)
    parts.push(dataset)
  }
  return combinedView(parts, reader.manifest.parts, info, yield* orderOf(reader))
})

const orderOf = Effect.fnUntraced(function* (reader: ArtifactReader) {
  if (reader.manifest.files["order.safetensors"] === undefined) return undefined
  const blob = yield* reader.open("order.safetensors")
  const header = yield* headerOf(blob)
  const entry = header.tensors.get("order")
  if (entry?.dtype !== "I32") return yield* mistake("order.safetensors holds no I32 tensor `order`")
  const bytes = yield* blob.read(header.dataOffset + entry.begin, entry.end - entry.begin)
  const order = elementsFrom("I32", bytes)
  return order instanceof Int32Array ? order : undefined
})

const headerOf = (blob: BlobReader) =>
  readHeader(blob).pipe(
    Effect.mapError((error) =>
      error._tag === "MalformedSafetensors"
        ? new CodecError({ kind: "Dataset", reason: error.message })
        : error
    )
  )

const tensorOf = (header: SafetensorsHeader, name: string, shape: ReadonlyArray<number>) => {
  const entry = header.tensors.get(name)
  if (entry === undefined) return mistake(`data.safetensors has no tensor \`${name}\``)
  if (entry.shape.join() !== shape.join()) {
    return mistake(`tensor \`${name}\` has shape [${entry.shape.join(", ")}], not [${shape.join(", ")}]`)
  }
  return Effect.succeed(entry)
}

const toUnitRange = ({ images, labels }: RawRows): Rows => {
  if (images instanceof Float32Array) return { images, labels }
  const floats = new Float32Array(images.length)
  for (let i = 0; i < images.length; i++) floats[i] = (images[i] ?? 0) / 255
  return { images: floats, labels }
}

const mistake = (reason: string) => Effect.fail(new CodecError({ kind: "Dataset", reason }))

const kind = Kind.make<"Dataset", Dataset>({ name: "Dataset", version: formatVersion, encode, decode })

export const Dataset = /* @__PURE__ */ Object.assign(kind, { generate, fromArrays, combine })
