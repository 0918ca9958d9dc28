/** The pages without a server around them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Site } from "../../../src/cli/look/site.ts"
import { scratchLayout, storeAt } from "../../rig/scratch-store.ts"
import { tell } from "../../rig/told-run.ts"

it.effect("a long list shows the newest runs, and all of them when it is asked to", () =>
  Effect.gen(function* () {
    const layout = yield* scratchLayout
    const ids = Array.from({ length: 103 }, (_, index) => `run-${String(index).padStart(3, "0")}`)
    for (const id of ids) tell(layout, { id, nodes: [], events: [], ended: "done" })
    const site = new Site("S")
    const listed = (query: string) =>
      Effect.map(site.answer({ path: [], query: new URLSearchParams(query) }), (answer) => {
        const text = answer._tag === "Text" ? answer.body : ""
        return { ids: Array.from(text.matchAll(/id="tick-(run-\d+)"/g), ([, id]) => id), text }
      })
    yield* Effect.gen(function* () {
      const newest = yield* listed("")
      assert.deepStrictEqual(newest.ids, ids.toReversed().slice(0, 100))
      assert.include(newest.text, '103 runs in S; the newest 100 are shown: <a href="/?all">')
      const all = yield* listed("all")
      assert.deepStrictEqual(all.ids, ids.toReversed())
      assert.notInclude(all.text, "are shown")
    }).pipe(Effect.provide(storeAt(layout)))
  })
)
