/** Packages that are the user's to install: they are looked for in the project, and beside this program. */
import { createRequire } from "node:module"
import { resolve } from "node:path"

import { Option, Schema } from "effect"

export interface FoundPackage {
  readonly version: string
  /** Its main module. */
  readonly path: string
}

const decode = Schema.decodeUnknownOption(Schema.Struct({ version: Schema.String }))

/**
 * The package of this name, if it is installed.
 *
 * @param directory where to look first
 */
export const findPackage = (name: string, directory?: string): FoundPackage | undefined => {
  const places = [...(directory === undefined ? [] : [directory]), process.cwd()].map((place) =>
    resolve(place, "_.js")
  )
  for (const place of [...places, import.meta.url]) {
    const require = createRequire(place)
    try {
      const path = require.resolve(name)
      const { version } = Option.getOrThrow(decode(require(`${name}/package.json`)))
      return { version, path }
    } catch {
      // It is not there; it may be elsewhere.
    }
  }
  return undefined
}
