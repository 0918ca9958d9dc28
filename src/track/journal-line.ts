/**
 * One line of a journal: an event as JSON, whose last entry is the CRC-32 of the JSON without it.
 *
 * Lines that were written before there were checksums have none, and are read as they are.
 */
import { crc32 } from "node:zlib"
import { Option, Schema } from "effect"
import { fromShallowJson } from "../artifact/shallow-json.ts"
import { jsonLine } from "../text/json.ts"
import { Event } from "./event.ts"

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, "0")

/** An event's line, without its end. */
export const encodeLine = (event: Event): string => {
  const text = jsonLine(event)
  return `${text.slice(0, -1)},"crc32":"${checksum(text)}"}`
}

/** The event on a line; nothing where it is none: torn, changed, or of a version to come. */
export const decodeEvent = (line: string): Option.Option<Event> => {
  const { text, isSound } = partsOf(line)
  return isSound ? decode(text) : Option.none()
}

/** Whether somebody changed a line after it was written. One that is torn was never whole. */
export const wasChanged = (line: string): boolean => !partsOf(line).isSound

const decode = Schema.decodeUnknownOption(fromShallowJson(Schema.toCodecJson(Event)))

const ending = /^,"crc32":"([0-9a-f]{8})"\}$/
const endingLength = 20

const partsOf = (line: string): { readonly text: string; readonly isSound: boolean } => {
  const found = ending.exec(line.slice(-endingLength))
  if (found === null) return { text: line, isSound: true }
  const text = `${line.slice(0, -endingLength)}}`
  return { text, isSound: checksum(text) === found[1] }
}
