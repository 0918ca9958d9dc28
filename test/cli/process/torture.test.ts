/**
 * Fifty kills at moments drawn from a seed: to the same digests, with a sound store. `npm run torture` does as many as one likes,
 * with other seeds and with `mnist-advtrain`.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { Arena } from "../../rig/torture/arena.ts"
import { kinds } from "../../rig/torture/blow.ts"
import { torture } from "../../rig/torture/torture.ts"

const arena = new Arena("small")
beforeAll(() => arena.measure(), 240_000)
afterAll(() => arena.remove())

const choices = { seed: 7, gc: false, progress: () => {} }

test("a run that is killed again and again ends with the digests of one that nobody disturbed", async () => {
  const sum = await torture(arena, { ...choices, kills: 50, kinds, together: 1, jobs: 3 })
  expect(sum.problems).toEqual([])
  expect(sum.lost.length).toBeGreaterThanOrEqual(50)
  expect(sum.resumes).toBeGreaterThan(25)
}, 240_000)

test("of several processes on one store, killed at random, each key is computed to its end by one", async () => {
  const sum = await torture(arena, { ...choices, kills: 8, kinds, together: 4, jobs: 1 })
  expect(sum.problems).toEqual([])
}, 120_000)

test("garbage collections take nothing that a live run needs", async () => {
  const sum = await torture(arena, { ...choices, gc: true, kills: 8, kinds, together: 3, jobs: 1 })
  expect(sum.problems).toEqual([])
  expect(sum.collections).toBeGreaterThan(0)
}, 120_000)
