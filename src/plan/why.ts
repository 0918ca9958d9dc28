/** Why a node runs: the first difference between what its key covers now and what it covered last time. */
import type { Canonical } from "../artifact/canonical.ts"
import { shortDigest } from "../artifact/digest.ts"
import type { ElaboratedStage } from "./elaboration.ts"
import type { BoundParts, InputDigests } from "./key.ts"
import type { LastNode, StageCode } from "./last-run.ts"

/** What a node's key covers, with names instead of digests where there are some. */
export interface Current extends BoundParts {
  readonly stage: ElaboratedStage
  readonly params: Canonical
}

/**
 * The first differing leaf, as people read it: `params.attack.epsilon 0.1 → 0.2`, `code: src/tensor/attack.ts`,
 * `input model: 9c1f… → 71e0…`. `undefined` where nothing differs.
 */
export const why = (
  now: Current,
  last: LastNode | undefined,
  lastCode: StageCode | undefined
): string | undefined => {
  if (last === undefined) return "never run before"
  if (last.stage !== now.stage.name) return `stage ${last.stage} → ${now.stage.name}`
  return (
    firstDifference("params", last.params, now.params) ??
    codeDifference(now.stage, last.code, lastCode) ??
    firstDifference("environment", last.environment, now.environment) ??
    fileDifference(last.files, now.files) ??
    engineDifference(last, now) ??
    inputDifference(last.inputs, now.inputs)
  )
}

const codeDifference = (
  stage: ElaboratedStage,
  code: string,
  last: StageCode | undefined
): string | undefined => {
  if (last === undefined) return stage.code === code ? undefined : "code"
  const versions = firstDifference("package", last.packages, stage.packages)
  if (versions !== undefined) return versions
  if (stage.code === code) return undefined
  const paths = [...new Set([...Object.keys(last.modules), ...Object.keys(stage.modules)])].sort()
  const changed = paths.filter((path) => last.modules[path] !== stage.modules[path])
  if (changed.length === 0) return "code"
  return `code: ${changed.slice(0, 3).join(", ")}${changed.length > 3 ? ` and ${changed.length - 3} more` : ""}`
}

const engineDifference = (last: BoundParts, now: BoundParts): string | undefined => {
  if (now.engine === undefined) return last.engine === undefined ? undefined : "the engine no longer counts"
  if (last.engine === undefined) return "the engine counts (--engine-strict)"
  const { name, device, versions } = now.engine
  const before = { name: last.engine.name, device: last.engine.device, versions: last.engine.versions }
  return firstDifference("engine", before, { name, device, versions })
}

const fileDifference = (last: BoundParts["files"], now: BoundParts["files"]): string | undefined => {
  const changed = Object.keys(now).find((path) => last[path] !== now[path])
  return changed === undefined ? undefined : `file ${changed}`
}

const inputDifference = (last: InputDigests, now: InputDigests): string | undefined => {
  for (const input of new Set([...Object.keys(last), ...Object.keys(now)])) {
    const difference = firstDifference(`input ${input}`, last[input] ?? null, now[input] ?? null, shortDigest)
    if (difference !== undefined) return difference
  }
  return undefined
}

type Show = (text: string) => string
const isObject = (value: Canonical | undefined): value is { readonly [key: string]: Canonical } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isList = (value: Canonical | undefined): value is ReadonlyArray<Canonical> => Array.isArray(value)

/** The first leaf that differs, by its path. Keys are visited in the order of the new value, then those that are gone. */
const firstDifference = (
  path: string,
  last: Canonical,
  now: Canonical,
  show: Show = (text) => text
): string | undefined => {
  if (isObject(last) && isObject(now)) {
    for (const key of new Set([...Object.keys(now), ...Object.keys(last)])) {
      const separator = path.startsWith("params") || path.startsWith("input") ? "." : " "
      const place = `${path}${separator}${key}`
      const before = last[key]
      const after = now[key]
      if (before === undefined) return `${place} added: ${display(after ?? null, show)}`
      if (after === undefined) return `${place} removed`
      const difference = firstDifference(place, before, after, show)
      if (difference !== undefined) return difference
    }
    return undefined
  }
  if (isList(last) && isList(now)) {
    if (last.length !== now.length) return `${path}: ${last.length} → ${now.length} items`
    for (const [index, item] of now.entries()) {
      const difference = firstDifference(`${path}[${index}]`, last[index] ?? null, item, show)
      if (difference !== undefined) return difference
    }
    return undefined
  }
  return last === now ? undefined : `${path} ${display(last, show)} → ${display(now, show)}`
}

const display = (value: Canonical, show: Show): string => {
  const text = typeof value === "string" ? show(value) : JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}
