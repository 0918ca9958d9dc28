/**
 * Where a bundle's packages come from.
 *
 * Bundles lie in the store, far from any `node_modules`. Their packages are resolved from the directory of the code they
 * were made of; Effect always from this program, because two copies of it in one process are two runtimes.
 */
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"

const bases = new Map<string, string>()
const isEffect = /^(effect|@effect\/[^/]+)(\/|$)/

/** From now on, packages imported by the module at `url` are resolved as if it lay in `directory`. */
export const resolvePackagesFrom = (url: string, directory: string): void => {
  if (bases.size === 0) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const base = context.parentURL === undefined ? undefined : bases.get(context.parentURL)
        if (base === undefined) return next(specifier, context)
        return next(specifier, { ...context, parentURL: isEffect.test(specifier) ? import.meta.url : base })
      }
    })
  }
  bases.set(url, pathToFileURL(`${directory}/_.mjs`).href)
}
