/**
 * Bytes from outside, by what they must be.
 *
 * A stage asks for a named file of a known digest and gets exactly those bytes or a typed error. Where they come from
 * (the data directory, the user's cache, a mirror) changes nothing in a result, so it is no part of a key.
 */
import { Context, type Effect, Schema } from "effect"

/**
 * A file that a real data set consists of.
 *
 * It is compared by SHA-256, or by MD5 where no better digest of it was ever published: that tells damage, and not a forgery.
 */
export type DataFile = DataFileFields & ({ readonly sha256: string } | { readonly md5: string })

interface DataFileFields {
  /** As it is called in the data directory, without `.gz`: `train-images-idx3-ubyte`. */
  readonly name: string
  /** Other names under which people have it, without `.gz`: `train-images.idx3-ubyte`. */
  readonly aliases: ReadonlyArray<string>
  /**
   * Whether digest and size are those of the file as it is published, an archive, which then is not decompressed; by default
   * they are those of the decompressed content.
   */
  readonly asPublished?: boolean
  /** Size of the content in bytes, and so the most that is ever held in memory. */
  readonly size: number
  /** Addresses of the published file, tried in order. */
  readonly mirrors: ReadonlyArray<string>
}

/** A data set's file could not be had anywhere. */
export class DataUnavailable extends Schema.TaggedError<DataUnavailable>()("DataUnavailable", {
  dataset: Schema.String,
  file: Schema.String,
  tried: Schema.Array(Schema.Struct({ place: Schema.String, result: Schema.String }))
}) {
  override get message() {
    const places = this.tried.map(({ place, result }) => `\n  ${place}: ${result}`).join("")
    return `${this.dataset}: \`${this.file}\` could not be had; tried${places}`
  }
  get hint() {
    return "put the file into a directory and name it with --data-dir DIR, or use generated images: --preset demo"
  }
}

/**
 * A file in the data directory is not the one its name promises.
 *
 * Whoever names a directory wants the data in it, so nothing else is tried: a download in its place would hide that the
 * file is broken, or was meant to be different.
 */
export class DataFileRejected extends Schema.TaggedError<DataFileRejected>()("DataFileRejected", {
  dataset: Schema.String,
  file: Schema.String,
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.dataset}: ${this.path} is not the published \`${this.file}\`: ${this.problem}`
  }
  get hint() {
    return "replace it by the published file, or remove it or --data-dir and it is downloaded"
  }
}

export type DataSourceError = DataUnavailable | DataFileRejected

export class DataSource extends Context.Service<
  DataSource,
  {
    /** The content of a file, decompressed unless it is an archive, checked against its size and digest. */
    readonly file: (dataset: string, file: DataFile) => Effect.Effect<Uint8Array, DataSourceError>
  }
>()("pipeline/data/DataSource") {}
