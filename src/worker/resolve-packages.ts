/**
 * Where a bundle's packages come from.
 *
 * Bundles lie in the store, far from any `node_modules`. Their packages are resolved from the directories of the code they
 * were made of; those that this program provides, from this program.
 */
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"
import type { CodeRef } from "./protocol.ts"
import { isProvided } from "./provided-packages.ts"

type Imports = CodeRef["imports"]

const bundles = new Map<string, Imports>()

/** From now on, a package imported by the module at `url` is resolved as if that module lay in the package's directory. */
export const resolvePackages = (url: string, imports: Imports): void => {
  if (bundles.size === 0) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const known = context.parentURL === undefined ? undefined : bundles.get(context.parentURL)
        if (known === undefined) return next(specifier, context)
        if (isProvided(specifier)) return next(specifier, { ...context, parentURL: import.meta.url })
        const place = known[specifier]
        if (place === undefined) return next(specifier, context)
        const found = next(specifier, { ...context, parentURL: pathToFileURL(`${place.from}/_.mjs`).href })
        // The key names the version that was there when the plan was made.
        if (!found.url.startsWith(pathToFileURL(`${place.within}/`).href)) {
          throw new Error(`package ${specifier} was exchanged during the run; run the same command again`)
        }
        return found
      }
    })
  }
  bundles.set(url, imports)
}
