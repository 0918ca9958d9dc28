import { Schema } from "effect"
import { Digest } from "./digest.ts"

/** Bytes that should be in the store and are not, or are not what their name says. */
export class BlobMissing extends Schema.TaggedError<BlobMissing>()("BlobMissing", {
  digest: Digest
}) {
  override get message() {
    return `blob ${this.digest} is not in the store`
  }
  get hint() {
    return "run the pipeline again: what is missing is computed again"
  }
}

export class BlobCorrupt extends Schema.TaggedError<BlobCorrupt>()("BlobCorrupt", {
  digest: Digest,
  path: Schema.String,
  found: Schema.String
}) {
  override get message() {
    return `${this.path} was changed: its bytes hash to ${this.found}, its name says ${this.digest}`
  }
  get hint() {
    return "`pipeline artifacts verify --repair` removes it; the next run computes it again"
  }
}

/** The operating system refused: read-only, full, no permission, too many files. */
export class StoreFault extends Schema.TaggedError<StoreFault>()("StoreFault", {
  operation: Schema.String,
  path: Schema.String,
  code: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `cannot ${this.operation} ${this.path}: ${explanations[this.code] ?? this.code}`
  }
  get hint() {
    return cures[this.code] ?? "check the disk, or choose another store with --store DIR"
  }
}

const explanations: { readonly [code: string]: string } = {
  ENOSPC: "no space left on the device",
  EDQUOT: "disk quota exceeded",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EMFILE: "too many open files",
  ENFILE: "too many open files in the system",
  EIO: "input/output error",
  ENOENT: "no such file or directory",
  ENOTDIR: "a file stands where a directory is needed",
  EISDIR: "a directory stands where a file is needed",
  EXDEV: "the store's directories lie on different file systems"
}

const cures: { readonly [code: string]: string } = {
  ENOSPC:
    "free some space (`pipeline artifacts gc` removes what no kept run needs), then run the same command again",
  EDQUOT:
    "free some space (`pipeline artifacts gc` removes what no kept run needs), then run the same command again",
  EROFS: "choose a store that can be written: --store DIR",
  EISDIR: "`pipeline artifacts verify --repair` takes it away",
  EXDEV:
    "let all of the store lie on one file system; the store's directory itself may be a link: --store DIR",
  EACCES: "give yourself write permission there, or choose another store: --store DIR",
  EPERM: "give yourself write permission there, or choose another store: --store DIR"
}

/** The store was written by another version of this program. */
export class StoreVersionMismatch extends Schema.TaggedError<StoreVersionMismatch>()("StoreVersionMismatch", {
  path: Schema.String,
  found: Schema.String,
  expected: Schema.Int
}) {
  override get message() {
    return `the store at ${this.path} has format ${this.found}, this program reads format ${this.expected}`
  }
  get hint() {
    return "use the version that wrote it, or choose another store: --store DIR"
  }
}

export type StoreError = BlobMissing | BlobCorrupt | StoreFault | StoreVersionMismatch
