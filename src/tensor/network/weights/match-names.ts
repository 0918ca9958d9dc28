/**
 * Which of the given tensors is which of the network's.
 *
 * Names decide where they are the same. Otherwise layers are matched as wholes: a given layer belongs to the network's layer
 * that has the same tensors of the same shapes. Where several look alike, the numbers in their names order them
 * (`features.3` before `features.10`), and where they have none, nobody guesses.
 */
import { Effect } from "effect"
import { didYouMean } from "../../../text/did-you-mean.ts"
import type { Shape } from "../shape.ts"
import { BadWeights } from "./bad-weights.ts"
import { sameShape, tensorText } from "./tensor-layout.ts"

/** Shapes by name. */
export type Shapes = ReadonlyMap<string, Shape>

/** The given name for a name of the network: of a tensor (`fc1.weight`) or of a whole layer (`fc1`). */
export type NameTable = { readonly [ours: string]: string }

/** The given tensor's name for each of the network's. */
export const matchNames = Effect.fnUntraced(function* (
  network: string,
  wanted: Shapes,
  given: Shapes,
  names: NameTable
): Effect.fn.Return<ReadonlyMap<string, string>, BadWeights> {
  const matched = yield* fromTable(network, wanted, given, names)
  const open = without(wanted, new Set(matched.keys()))
  const free = without(given, new Set(matched.values()))
  if ([...open.keys()].every((name) => free.has(name))) {
    for (const name of open.keys()) matched.set(name, name)
  } else {
    yield* matchLayers(network, open, free, matched)
  }
  const missing = without(wanted, new Set(matched.keys()))
  const extra = without(given, new Set(matched.values()))
  if (missing.size > 0 || extra.size > 0) return yield* leftOver(network, missing, extra)
  for (const [ours, theirs] of matched) {
    const [want, have] = [wanted.get(ours) ?? [], given.get(theirs) ?? []]
    if (!sameShape(want, have)) return yield* misshapen(network, [ours, want], [theirs, have])
  }
  return matched
})

const without = (shapes: Shapes, names: ReadonlySet<string>): Shapes =>
  new Map([...shapes].filter(([name]) => !names.has(name)))

const fromTable = Effect.fnUntraced(function* (
  network: string,
  wanted: Shapes,
  given: Shapes,
  names: NameTable
): Effect.fn.Return<Map<string, string>, BadWeights> {
  const complain = (reason: string, hint: string) =>
    new BadWeights({ network, problem: "missing", reason, wanted: texts(wanted), given: texts(given), hint })
  const matched = new Map<string, string>()
  for (const [ours, theirs] of Object.entries(names)) {
    const pairs = wanted.has(ours)
      ? [[ours, theirs] as const]
      : [...wanted.keys()]
          .filter((name) => layerOf(name) === ours)
          .map((name) => [name, `${theirs}.${roleOf(name)}`] as const)
    if (pairs.length === 0) {
      const known = new Set([...wanted.keys()].flatMap((name) => [name, layerOf(name)]))
      return yield* complain(
        `\`names\` speaks of \`${ours}\`, which the network does not have`,
        didYouMean(ours, known) ?? "name a tensor of the network, or a layer with tensors"
      )
    }
    for (const [name, source] of pairs) {
      if (!given.has(source)) {
        return yield* complain(
          `\`names\` says that \`${name}\` is \`${source}\`, which is not given`,
          didYouMean(source, given.keys()) ?? "name a tensor that is given"
        )
      }
      matched.set(name, source)
    }
  }
  const twice = [...matched.values()].find((name, index, all) => all.indexOf(name) < index)
  if (twice === undefined) return matched
  return yield* complain(`\`names\` uses \`${twice}\` twice`, "give each of the network's tensors its own")
})

interface LayerGroup {
  readonly ours: Array<string>
  readonly theirs: Array<string>
}

const matchLayers = Effect.fnUntraced(function* (
  network: string,
  open: Shapes,
  free: Shapes,
  matched: Map<string, string>
): Effect.fn.Return<void, BadWeights> {
  const groups = new Map<string, LayerGroup>()
  const groupOf = (signature: string): LayerGroup => {
    const group = groups.get(signature) ?? { ours: [], theirs: [] }
    groups.set(signature, group)
    return group
  }
  for (const [layer, signature] of signatures(open)) groupOf(signature).ours.push(layer)
  for (const [layer, signature] of signatures(free)) groupOf(signature).theirs.push(layer)
  for (const { ours, theirs } of groups.values()) {
    if (ours.length !== theirs.length) continue
    const order = inOrder(theirs)
    if (order === undefined) {
      const among = (shapes: Shapes, layers: ReadonlyArray<string>) =>
        texts(new Map([...shapes].filter(([name]) => layers.includes(layerOf(name)))))
      return yield* new BadWeights({
        network,
        problem: "ambiguous",
        reason: `${theirs.map((name) => `\`${name}\``).join(" and ")} have the same shapes, and no numbers that order them`,
        wanted: among(open, ours),
        given: among(free, theirs),
        hint: `say which is which: names: { ${ours[0]}: "${theirs[0]}", … }`
      })
    }
    for (const [index, layer] of ours.entries()) {
      for (const name of open.keys()) {
        if (layerOf(name) === layer) matched.set(name, join(order[index] ?? "", roleOf(name)))
      }
    }
  }
})

/** What each layer's tensors are and how large, as a text; equal for layers that look alike. */
const signatures = (shapes: Shapes): ReadonlyMap<string, string> => {
  const parts = new Map<string, Array<string>>()
  for (const [name, shape] of shapes) {
    const layer = layerOf(name)
    parts.set(layer, [...(parts.get(layer) ?? []), tensorText(roleOf(name), shape)])
  }
  return new Map([...parts].map(([layer, tensors]) => [layer, tensors.sort().join(", ")]))
}

/** Names that differ in their numbers only, by these; nothing for others. */
const inOrder = (names: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const patterns = new Set(names.map((name) => name.replaceAll(/\d+/g, "#")))
  if (names.length > 1 && patterns.size > 1) return undefined
  const numbers = (name: string) => [...name.matchAll(/\d+/g)].map(([digits]) => Number(digits))
  const compare = (a: string, b: string): number => {
    const other = numbers(b)
    for (const [index, number] of numbers(a).entries()) {
      const difference = number - (other[index] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }
  return [...names].sort(compare)
}

const leftOver = (network: string, unmatched: Shapes, unused: Shapes): BadWeights => {
  // Layers are matched as wholes: what only shares a layer with the trouble is not the trouble.
  const alike = new Set(
    [...unmatched].flatMap(([name, shape]) => (sameShape(shape, unused.get(name) ?? [-1]) ? [name] : []))
  )
  const missing = without(unmatched, alike)
  const extra = without(unused, alike)
  const twin = [...missing].find(([name]) => extra.has(name))
  if (twin !== undefined) return misshapen(network, twin, [twin[0], extra.get(twin[0]) ?? []])
  const problem = missing.size === 0 ? "extra" : extra.size === 0 ? "missing" : "mismatch"
  const count = (size: number) => (size === 1 ? "one tensor" : `${size} tensors`)
  const reasons = {
    extra: `${count(extra.size)} too many`,
    missing: `${count(missing.size)} missing`,
    mismatch: `of the network's, ${count(missing.size)} found no counterpart, of the given ones ${count(extra.size)}`
  }
  const hints = {
    extra: "these belong to another network, or leave them out before importing",
    missing: "these come from another network, or from a file that was not saved whole",
    mismatch:
      'compare the shapes; is the `layout` right, and is the network? `names` can say { conv1: "features.0" }'
  }
  return new BadWeights({
    network,
    problem,
    reason: reasons[problem],
    wanted: texts(missing),
    given: texts(extra),
    hint: hints[problem]
  })
}

const misshapen = (
  network: string,
  [ours, want]: readonly [string, Shape],
  [theirs, have]: readonly [string, Shape]
): BadWeights =>
  new BadWeights({
    network,
    problem: "misshapen",
    reason: `\`${theirs}\` has the wrong shape`,
    wanted: [tensorText(ours, want)],
    given: [tensorText(theirs, have)],
    hint: sameShape([...want].sort(ascending), [...have].sort(ascending))
      ? "its axes are in another order: is the `layout` right?"
      : "the weights come from a network of other widths, or the `layout` is wrong"
  })

const ascending = (a: number, b: number): number => a - b

const texts = (shapes: Shapes): ReadonlyArray<string> =>
  [...shapes].map(([name, shape]) => tensorText(name, shape))

const layerOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf(".")))

const roleOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1)

const join = (layer: string, role: string): string => (layer === "" ? role : `${layer}.${role}`)
