/** The images that the study needs, from one of three sources. */

import { cifarBatches } from "../../src/data/cifar10.ts"
import { recordsPerBatch } from "../../src/data/cifar10-binary.ts"
import { loadCifar10 } from "../../stages/load-cifar10.ts"
import { loadCifar10Copy } from "../../stages/load-cifar10-copy.ts"
import { loadSyntheticShapes } from "../../stages/load-synthetic-shapes.ts"
import type { Params } from "./params.ts"

export const load = ({ data, trainCount, testCount, dataSeed: seed }: Params) => {
  if (data === "cifar10")
    return {
      train: loadCifar10({}, { split: "train", limit: trainCount }),
      test: loadCifar10({}, { split: "test", limit: testCount })
    }
  if (data === "synthetic-shapes")
    return {
      train: loadSyntheticShapes({}, { split: "train", count: trainCount, seed }),
      test: loadSyntheticShapes({}, { split: "test", count: testCount, seed })
    }
  const copy = (split: "train" | "test", limit: number) => {
    const files = cifarBatches[split].slice(0, Math.ceil(limit / recordsPerBatch))
    const path = (place: number) => (files[place] === undefined ? null : `${data.directory}/${files[place]}`)
    return loadCifar10Copy(
      {},
      {
        name: data.name,
        split,
        files: { first: path(0), second: path(1), third: path(2), fourth: path(3), fifth: path(4) },
        limit
      }
    )
  }
  return { train: copy("train", trainCount), test: copy("test", testCount) }
}
