/**
 * How far a run has been sent to one server and experiment: `runs/<id>/mlflow-<hash>.json`.
 *
 * It is written after the server took what it covers, so it may be behind and never ahead. Without it, a run is sent again
 * from its beginning, which changes nothing on the server. It holds no secret: the server's address has none.
 */
import { Option, Schema } from "effect"
import { digestOf } from "../../artifact/digest.ts"
import type { DiskShape } from "../../artifact/disk.ts"
import type { StoreLayout } from "../../artifact/layout.ts"
import { readSealed, writeSealed } from "../../artifact/sealed-file.ts"
import { Missing } from "./missing.ts"
import { emptyState, UploadState } from "./state.ts"

export const Problem = Schema.Struct({
  /** Milliseconds since 1970. */
  at: Schema.Finite,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
})
export type Problem = typeof Problem.Type

export const Cursor = Schema.Struct({
  /** The server's address, without credentials. */
  server: Schema.String,
  /** As it was asked for: a name, or an identifier. */
  wanted: Schema.String,
  /** As the server knows it; absent until it was reached. */
  experiment: Schema.optionalKey(Schema.String),
  /** Bytes of the journal that the server has. */
  offset: Schema.Int,
  /** The run is over, and the server has all of it. */
  complete: Schema.Boolean,
  /** What came after `offset` will be understood from this. */
  state: UploadState,
  /** Identifiers of MLflow's runs by their run keys. */
  runs: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  /** Why it is not complete; the last failure, if nothing has succeeded since. */
  problem: Schema.optionalKey(Problem),
  /** What the server refused for good. */
  refused: Schema.Array(Schema.String),
  /** What it did not take, and may take another time. The journal needs not be sent again for it. */
  missing: Schema.optionalKey(Schema.Array(Missing))
})
export type Cursor = typeof Cursor.Type

/** Where a run is sent: of two experiments or servers, each gets everything. */
export interface Destination {
  readonly server: string
  readonly wanted: string
}

export const newCursor = ({ server, wanted }: Destination): Cursor => ({
  server,
  wanted,
  offset: 0,
  complete: false,
  state: emptyState,
  runs: [],
  refused: []
})

const seal = "advpipe mlflow cursor 1"
const decode = Schema.decodeUnknownOption(Cursor)

const fileName = /^mlflow-[0-9a-f]{12}\.json$/
const pathOf = (layout: StoreLayout, id: string, { server, wanted }: Destination): string =>
  `${layout.runs}/${id}/mlflow-${digestOf(JSON.stringify([server, wanted])).slice(0, 12)}.json`

const readAt = (disk: DiskShape, layout: StoreLayout, path: string): Cursor | undefined =>
  Option.getOrUndefined(decode(readSealed(disk, layout, path, seal)))

/** Nothing where there is none that is whole. */
export const readCursor = (
  disk: DiskShape,
  layout: StoreLayout,
  id: string,
  destination: Destination
): Cursor | undefined => readAt(disk, layout, pathOf(layout, id, destination))

/** Throws the system's error where the disk refuses. */
export const writeCursor = (disk: DiskShape, layout: StoreLayout, id: string, cursor: Cursor): void =>
  writeSealed(disk, layout, pathOf(layout, id, cursor), seal, cursor)

/** Of every server and experiment that a run was sent to. Throws the system's error where the disk refuses. */
export const cursorsOf = (disk: DiskShape, layout: StoreLayout, id: string): ReadonlyArray<Cursor> =>
  disk
    .list(`${layout.runs}/${id}`)
    .filter((name) => fileName.test(name))
    .flatMap((name) => readAt(disk, layout, `${layout.runs}/${id}/${name}`) ?? [])
