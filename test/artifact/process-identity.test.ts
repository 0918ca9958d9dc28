/** When a process is surely gone, and when nobody can tell. */
import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { hostname } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { hasEnded, thisProcess } from "../../src/artifact/process-identity.ts"

const me = thisProcess()

describe("a process", () => {
  it("that is there has not ended", () => {
    assert.strictEqual(me.host, hostname())
    assert.strictEqual(me.pid, process.pid)
    assert.isFalse(hasEnded(me))
  })

  it("that has ended has ended", () => {
    const { pid } = spawnSync(process.execPath, ["--version"])
    assert.isTrue(hasEnded({ ...me, pid }))
  })

  it("of another place may be there, whatever its number is here", () => {
    const { pid } = spawnSync(process.execPath, ["--version"])
    for (const place of ["", "elsewhere", me.host]) {
      assert.isFalse(hasEnded({ ...me, place, pid: me.pid }))
      if (place !== me.place) assert.isFalse(hasEnded({ ...me, place, pid }))
    }
  })

  // Only Linux tells when a process was started.
  it.runIf(existsSync("/proc/self/stat"))("whose number another one has by now has ended", () => {
    assert.isTrue(hasEnded({ ...me, started: String(Number(me.started) - 1) }))
  })

  it.runIf(existsSync("/proc/self/stat"))("that ended and that nobody asked after has ended", async () => {
    // The shell becomes a program that never asks after the child that it had.
    const shell = spawn("/bin/sh", ["-c", "/bin/true & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"]
    })
    const pid = await new Promise<number>((resolve) =>
      shell.stdout.once("data", (text) => resolve(Number(text)))
    )
    while (!hasEnded({ ...me, pid, started: "" })) await new Promise((resolve) => setTimeout(resolve, 10))
    shell.kill("SIGKILL")
  })
})
