/** Single params of a node, by dotted paths such as `options.epochs`. */
import type { Canonical } from "../artifact/canonical.ts"

type CanonicalObject = { readonly [key: string]: Canonical }

const isObject = (value: Canonical | undefined): value is CanonicalObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The param at a path; `undefined` where there is none. */
export const paramAt = (params: Canonical, path: string): Canonical | undefined =>
  path
    .split(".")
    .reduce<Canonical | undefined>(
      (at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
      params
    )

/** The params without those at some paths. */
export const paramsWithout = (params: Canonical, paths: ReadonlyArray<string>): Canonical =>
  paths.reduce((rest, path) => without(rest, path.split(".")), params)

const without = (params: Canonical, [name, ...rest]: ReadonlyArray<string>): Canonical => {
  if (name === undefined || !isObject(params) || !Object.hasOwn(params, name)) return params
  const entries = Object.entries(params).flatMap(([key, value]): ReadonlyArray<[string, Canonical]> => {
    if (key !== name) return [[key, value]]
    return rest.length === 0 ? [] : [[key, without(value, rest)]]
  })
  return Object.fromEntries(entries)
}
