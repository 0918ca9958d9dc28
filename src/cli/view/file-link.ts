/** Paths that one can click. */
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { harmless } from "./text.ts"

const start = `${String.fromCharCode(0x1b)}]8;;`
const end = `${String.fromCharCode(0x1b)}\\`

/**
 * A file's path as it is; for a terminal with its address beside it (OSC 8), which terminals that know no links leave out.
 *
 * @param isTerminal programs get the path alone
 */
export const fileLink = (path: string, isTerminal: boolean): string =>
  isTerminal ? `${start}${pathToFileURL(resolve(path)).href}${end}${harmless(path)}${start}${end}` : path
