/**
 * Fonts of the web as plain ones, for what reads only these.
 *
 * A WOFF file is the tables of an OpenType font, each compressed by zlib.
 *
 * @see https://www.w3.org/TR/WOFF/, sections 3 to 5
 * @see https://learn.microsoft.com/typography/opentype/spec/otff, "Table directory"
 */
import { inflateSync } from "node:zlib"

const woffHeader = 44
const woffEntry = 20
const plainHeader = 12
const plainEntry = 16

/** The font as OpenType. Throws where it is no WOFF. */
export const plainFont = (woff: Uint8Array): Uint8Array => {
  const from = Buffer.from(woff.buffer, woff.byteOffset, woff.byteLength)
  if (from.toString("latin1", 0, 4) !== "wOFF") throw new Error("not a WOFF file")
  const count = from.readUInt16BE(12)
  const directory = Buffer.alloc(plainHeader + count * plainEntry)
  from.copy(directory, 0, 4, 8)
  directory.writeUInt16BE(count, 4)
  const power = 2 ** Math.floor(Math.log2(count))
  directory.writeUInt16BE(power * 16, 6)
  directory.writeUInt16BE(Math.log2(power), 8)
  directory.writeUInt16BE((count - power) * 16, 10)

  const tables: Array<Buffer> = []
  let place = directory.length
  for (let index = 0; index < count; index++) {
    const entry = woffHeader + index * woffEntry
    const [offset, packed, length] = [4, 8, 12].map((field) => from.readUInt32BE(entry + field))
    const bytes = from.subarray(offset, (offset ?? 0) + (packed ?? 0))
    const table = packed === length ? bytes : inflateSync(bytes, { maxOutputLength: length ?? 0 })
    const at = plainHeader + index * plainEntry
    from.copy(directory, at, entry, entry + 4)
    from.copy(directory, at + 4, entry + 16, entry + 20)
    directory.writeUInt32BE(place, at + 8)
    directory.writeUInt32BE(table.length, at + 12)
    const padding = -table.length & 3
    tables.push(table, Buffer.alloc(padding))
    place += table.length + padding
  }
  return Buffer.concat([directory, ...tables])
}
