/**
 * Images in other sizes: along each axis a product with a matrix that holds each new pixel's shares in the old ones. The
 * gradient is the product with the same matrix, transposed.
 */
import type { Value } from "../graph.ts"
import type { Call, Lowering, Lowerings } from "../lowering.ts"
import * as ops from "../ops.ts"

type Kind = "bilinear" | "nearest"

/** `[newSize, oldSize]` */
const sharesOf = (call: Call, kind: Kind, oldSize: number, newSize: number): Float32Array => {
  const alignCorners = call.flag("alignCorners")
  const halfPixels = call.flag("halfPixelCenters")
  const ratio = alignCorners && newSize > 1 ? (oldSize - 1) / (newSize - 1) : oldSize / newSize
  const shares = new Float32Array(newSize * oldSize)
  const last = oldSize - 1
  const give = (row: number, column: number, share: number): void => {
    const at = row * oldSize + column
    shares[at] = (shares[at] ?? 0) + share
  }
  for (let row = 0; row < newSize; row++) {
    if (kind === "nearest") {
      const position = ratio * (halfPixels ? row + 0.5 : row)
      give(row, Math.min(last, alignCorners ? Math.round(position) : Math.floor(position)), 1)
      continue
    }
    const position = halfPixels ? ratio * (row + 0.5) - 0.5 : ratio * row
    const before = Math.max(0, Math.floor(position))
    const fraction = position - before
    give(row, before, 1 - fraction)
    give(row, Math.min(last, Math.ceil(position)), fraction)
  }
  return shares
}

/** Takes `[n, height, width, channels]` through a matrix for its rows and one for its columns. */
const through = (call: Call, x: Value, rows: Value, columns: Value): Value => {
  const { graph } = call
  const [n = 1, height = 1, width = 1, channels = 1] = x.shape
  const [newHeight = 1] = rows.shape
  const [newWidth = 1] = columns.shape
  const tall = ops.stackedProduct(graph, rows, ops.reshape(graph, x, [n, height, width * channels]))
  const apart = ops.reshape(graph, tall, [n * newHeight, width, channels])
  const wide = ops.stackedProduct(graph, columns, apart)
  return ops.reshape(graph, wide, [n, newHeight, newWidth, channels])
}

const matrix = (call: Call, kind: Kind, oldSize: number, newSize: number): Value =>
  call.graph.constant(sharesOf(call, kind, oldSize, newSize), [newSize, oldSize])

const resize =
  (kind: Kind): Lowering =>
  (call) => {
    const x = call.input("images")
    const [, height = 1, width = 1] = x.shape
    const [newHeight = 1, newWidth = 1] = call.numbers("size")
    const real = ops.cast(call.graph, x, "float32")
    const made = through(
      call,
      real,
      matrix(call, kind, height, newHeight),
      matrix(call, kind, width, newWidth)
    )
    return kind === "nearest" ? ops.cast(call.graph, made, x.type) : made
  }

const gradient =
  (kind: Kind): Lowering =>
  (call) => {
    const [, height = 1, width = 1] = call.input("images").shape
    const dy = call.input("dy")
    const [, newHeight = 1, newWidth = 1] = dy.shape
    const rows = ops.transpose(call.graph, matrix(call, kind, height, newHeight), [1, 0])
    const columns = ops.transpose(call.graph, matrix(call, kind, width, newWidth), [1, 0])
    return through(call, dy, rows, columns)
  }

export const resizing: Lowerings = {
  ResizeBilinear: resize("bilinear"),
  ResizeBilinearGrad: gradient("bilinear"),
  ResizeNearestNeighbor: resize("nearest"),
  ResizeNearestNeighborGrad: gradient("nearest")
}
