/**
 * Where a bundle's packages come from.
 *
 * Bundles lie in the store, far from any `node_modules`. Their packages are resolved from the directories of the code they
 * were made of; Effect always from this program, because two copies of it in one process are two runtimes.
 */
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"

const bundles = new Map<string, { readonly [specifier: string]: string }>()
const isEffect = /^(effect|@effect\/[^/]+)(\/|$)/

/** From now on, a package imported by the module at `url` is resolved as if that module lay in the package's directory. */
export const resolvePackages = (url: string, imports: { readonly [specifier: string]: string }): void => {
  if (bundles.size === 0) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const known = context.parentURL === undefined ? undefined : bundles.get(context.parentURL)
        if (known === undefined) return next(specifier, context)
        const directory = known[specifier]
        const from = directory === undefined ? undefined : pathToFileURL(`${directory}/_.mjs`).href
        return next(specifier, { ...context, parentURL: isEffect.test(specifier) ? import.meta.url : from })
      }
    })
  }
  bundles.set(url, imports)
}
