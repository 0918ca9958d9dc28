import { spawn } from "node:child_process"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { repository } from "../rig/lab.ts"

const source = pathToFileURL(`${repository}/src/worker/watch-parent.ts`).href

/** How a process ends that says who its parent is, and computes without a pause for two seconds. */
const busyBelow = (parent: number): Promise<NodeJS.Signals | number | null> =>
  new Promise((resolve) => {
    const script = `
      const { endWithParent } = await import(${JSON.stringify(source)})
      endWithParent(${parent})
      await new Promise((started) => setTimeout(started, 300))
      for (const end = performance.now() + 2000; performance.now() < end; );
      process.exit(7)`
    spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "ignore" }).once(
      "exit",
      (code, signal) => resolve(signal ?? code)
    )
  })

describe("a worker", () => {
  it("ends while it computes when its parent has gone before it asked", async () => {
    assert.strictEqual(await busyBelow(process.pid + 1_000_000), "SIGKILL")
  })

  it("goes on while its parent is there", async () => {
    assert.strictEqual(await busyBelow(process.pid), 7)
  })
})
