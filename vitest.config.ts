import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** These take minutes; begun last, they would leave one of the workers without anything to do. */
const longest = ["real-mnist", "tracking", "torture", "studies"]

class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return at === -1 ? longest.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // A new context for each file would load Effect again each time. Tests leave no state behind.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Whole runs of the program are waited for, on machines that do other work as well.
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
