/** Params of the studies with the same plan as the preset `paper`, and hardly any work in it. */
import type { Schema } from "effect"
import { leaves } from "../../src/text/leaves.ts"

/**
 * How many images stand for so many. Equal numbers stay equal, because a plan has a node more where a part of a set is taken; a
 * training set fills a batch of 128, and a test set has ten images of each class at least.
 */
const images = new Map([
  [60_000, 150],
  [55_000, 140],
  [50_000, 130],
  [10_000, 130],
  [5000, 10]
])

/** Generated data in place of real. */
const generated = new Map([
  ["mnist", "synthetic-digits"],
  ["cifar10", "synthetic-shapes"]
])

/** `NAME=VALUE` for each param that is to be set otherwise: images, and the steps and restarts of attacks. */
export const smallSets = (params: Schema.Json): ReadonlyArray<string> =>
  leaves(params).flatMap(({ path, value }) => {
    const name = path.split(".").at(-1)
    if (name === "steps" || name === "restarts") return [`${path}=1`]
    const other =
      typeof value === "number"
        ? images.get(value)
        : typeof value === "string"
          ? generated.get(value)
          : undefined
    return other === undefined ? [] : [`${path}=${other}`]
  })
