/** Lists that the server gives page by page. */
import { Effect } from "effect"
import type { MlflowError } from "./errors.ts"

interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** Where the next page starts; empty after the last. */
  readonly next: string
}

/** Everything, or the first `most`. A page that leads to itself ends the list. */
export const allPages = Effect.fnUntraced(function* <A>(
  page: (token: string) => Effect.Effect<Page<A>, MlflowError>,
  most = Number.POSITIVE_INFINITY
) {
  const items: Array<A> = []
  const seen = new Set<string>()
  for (let token = ""; !seen.has(token) && items.length < most; ) {
    seen.add(token)
    const { items: found, next } = yield* page(token)
    for (const item of found) items.push(item)
    if (next === "") break
    token = next
  }
  return items.length > most ? items.slice(0, most) : items
})
