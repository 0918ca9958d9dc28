import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { rasteriserVersion } from "../../src/figure/rasteriser.ts"
import { repository } from "../rig/lab.ts"

describe("the rasteriser", () => {
  it("goes into keys as the versions that are installed", () => {
    for (const [name = "", version] of rasteriserVersion.split(", ").map((each) => each.split(" "))) {
      const text = readFileSync(join(repository, "node_modules", name, "package.json"), "utf8")
      assert.strictEqual(JSON.parse(text).version, version)
    }
  })
})
